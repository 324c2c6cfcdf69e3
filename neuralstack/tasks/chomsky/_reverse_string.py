"""Reverse string: a deterministic context-free task."""

from dataclasses import dataclass

import jax.numpy as jnp

from neuralstack.tasks._formats import Pair, push_then_pop
from neuralstack.tasks.chomsky._base import AbstractChomskyTask, draw_below, require


@dataclass(frozen=True)
class ReverseString(AbstractChomskyTask):
    """Write a string of bits backwards (Delétang et al., 2023).

    Bits are drawn uniformly. This is the task `reversal` with two symbols, and answers that are output at blanks.

    Examples:
        >>> task = ReverseString()
        >>> task.decode(task.answer(task.encode("0010")))
        '0100'
    """

    @property
    def vocabulary(self):
        return "01"

    def draw(self, key, length):
        source = draw_below(key, self.max_length, 2)
        return Pair(source, length, source[jnp.clip(length - 1 - jnp.arange(self.max_length), 0)], length)

    def answer(self, source):
        require(source, 2, "bits")
        return source[::-1]

    def answer_length(self, source_length):
        return source_length

    def strengths(self, length):
        return push_then_pop(self.format.first_answer(length), length, self.steps)
