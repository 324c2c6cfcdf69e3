"""Memories with actions of 0 and 1: what the soft ones become when they are discretized."""

from neuralstack.memories.discrete._hard_mixture import HardMixtureStacks as HardMixtureStacks
from neuralstack.memories.discrete._hard_stack import HardStack as HardStack
from neuralstack.memories.discrete._quantized import Quantized as Quantized
