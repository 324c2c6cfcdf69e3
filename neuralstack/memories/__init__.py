"""Differentiable data structures for one sequence."""

from neuralstack.memories._base import (
    AbstractMemory as AbstractMemory,
    Action as Action,
    on_platform as on_platform,
    run as run,
)
from neuralstack.memories._none import NoMemory as NoMemory
from neuralstack.memories._stack import NeuralStack as NeuralStack

MEMORIES = {"none": NoMemory, "stack": NeuralStack}
