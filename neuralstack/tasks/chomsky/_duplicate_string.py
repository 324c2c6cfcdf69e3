"""Duplicate string: a context-sensitive task."""

from dataclasses import dataclass

import jax.numpy as jnp

from neuralstack.tasks._formats import Pair
from neuralstack.tasks.chomsky._base import AbstractChomskyTask, draw_below, require


@dataclass(frozen=True)
class DuplicateString(AbstractChomskyTask):
    """Write a string of bits twice (Delétang et al., 2023).

    Bits are drawn uniformly.

    Examples:
        >>> task = DuplicateString()
        >>> task.decode(task.answer(task.encode("011")))
        '011011'
    """

    @property
    def vocabulary(self):
        return "01"

    def draw(self, key, length):
        source = draw_below(key, self.max_length, 2)
        return Pair(source, length, source[jnp.arange(2 * self.max_length) % length], 2 * length)

    def answer(self, source):
        require(source, 2, "bits")
        return source + source

    def answer_length(self, source_length):
        return 2 * source_length
