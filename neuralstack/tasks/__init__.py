"""Tasks: sources, their answers, and the formats in which a machine sees them."""

from neuralstack.tasks._base import AbstractTask as AbstractTask
from neuralstack.tasks._formats import (
    Autoregressive as Autoregressive,
    Example as Example,
    Pair as Pair,
    QueryTokens as QueryTokens,
    Synchronous as Synchronous,
)
from neuralstack.tasks._from_name import PAIRS as PAIRS, as_task as as_task, task_from_name as task_from_name
from neuralstack.tasks._function_task import FunctionTask as FunctionTask
from neuralstack.tasks._grammar import Grammar as Grammar, draw_word as draw_word, terminals as terminals
from neuralstack.tasks._pair_file import read_pairs as read_pairs
from neuralstack.tasks._pair_task import PairTask as PairTask
from neuralstack.tasks._pairs import Pairs as Pairs
from neuralstack.tasks._stored_task import (
    StoredTask as StoredTask,
    from_record as from_record,
    keep_task as keep_task,
    to_record as to_record,
)
from neuralstack.tasks.chomsky import CONTEXT_FREE, CONTEXT_SENSITIVE, REGULAR
from neuralstack.tasks.formal import FORMAL, Counting as Counting
from neuralstack.tasks.language import (
    LANGUAGE,
    Characters as Characters,
    TextVersion as TextVersion,
    read_text as read_text,
)
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
