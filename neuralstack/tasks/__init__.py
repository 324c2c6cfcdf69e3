"""What machines learn."""

from neuralstack.tasks._base import AbstractTask as AbstractTask
from neuralstack.tasks._layouts import Blanks as Blanks, Example as Example, Joint as Joint, Stepwise as Stepwise
from neuralstack.tasks.transductions import Reversal as Reversal

FAMILIES = {"transduction": {"reversal": Reversal}}
"""Every task, by family and name."""

TASKS = {name: task for family in FAMILIES.values() for name, task in family.items()}
"""Every task by its name."""
