"""Objectives: the losses that training can minimize."""

from neuralstack.training.objectives._base import AbstractObjective as AbstractObjective
from neuralstack.training.objectives._batch import Batch as Batch, BatchResult as BatchResult, Heads as Heads
from neuralstack.training.objectives._imitation import Imitation as Imitation
from neuralstack.training.objectives._reinforce import Reinforce as Reinforce
from neuralstack.training.objectives._supervised import Supervised as Supervised

OBJECTIVES = {"supervised": Supervised, "imitation": Imitation, "reinforce": Reinforce}
"""Every objective by its name."""
