"""What machines learn."""

from neuralstack.tasks._base import AbstractTask as AbstractTask, Example as Example
from neuralstack.tasks._reversal import Reversal as Reversal

TASKS = {"reversal": Reversal}
