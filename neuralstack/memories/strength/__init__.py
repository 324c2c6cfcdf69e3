"""Memories whose elements are held with fractional strength: stack, queue and deque."""

from neuralstack.memories.strength._closed_form import read_weights as read_weights
from neuralstack.memories.strength._deque import NeuralDeque as NeuralDeque
from neuralstack.memories.strength._one_end import STRENGTH_BIASES as STRENGTH_BIASES
from neuralstack.memories.strength._queue import NeuralQueue as NeuralQueue
from neuralstack.memories.strength._stack import NeuralStack as NeuralStack
