"""What machines learn."""

from neuralstack.tasks._base import AbstractTask as AbstractTask
from neuralstack.tasks._formats import (
    Autoregressive as Autoregressive,
    Example as Example,
    Pair as Pair,
    QueryTokens as QueryTokens,
    Synchronous as Synchronous,
)
from neuralstack.tasks.chomsky import CONTEXT_FREE, CONTEXT_SENSITIVE, REGULAR
from neuralstack.tasks.formal import FORMAL, Counting as Counting
from neuralstack.tasks.language import LANGUAGE, Characters as Characters
from neuralstack.tasks.transductions import TRANSDUCTIONS, Reversal as Reversal

FAMILIES = {
    "transduction": TRANSDUCTIONS,
    "formal": FORMAL,
    "regular": REGULAR,
    "context-free": CONTEXT_FREE,
    "context-sensitive": CONTEXT_SENSITIVE,
    "language": LANGUAGE,
}
"""Every task, by family and name."""

TASKS = {name: task for family in FAMILIES.values() for name, task in family.items()}
"""Every task by its name."""
