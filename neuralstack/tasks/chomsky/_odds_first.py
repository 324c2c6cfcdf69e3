"""Odds first: a context-sensitive task."""

from dataclasses import dataclass

import jax.numpy as jnp

from neuralstack.tasks._formats import Pair
from neuralstack.tasks.chomsky._base import AbstractChomskyTask, draw_below, require


@dataclass(frozen=True)
class OddsFirst(AbstractChomskyTask):
    """Write the bits at odd positions of a string, then those at even positions (Delétang et al., 2023).

    Positions are counted from 1: the first, the third and so on come first. The benchmark's public code writes the even
    positions first, contrary to its own description; `evens_first` does the same. Bits are drawn uniformly.

    Args:
        max_length: The longest source, at least 1.
        evens_first: Whether the even positions come first.

    Examples:
        >>> task = OddsFirst()
        >>> task.decode(task.answer(task.encode("010101")))
        '000111'
    """

    evens_first: bool = False

    @property
    def vocabulary(self):
        return "01"

    def draw(self, key, length):
        source, index = draw_below(key, self.max_length, 2), jnp.arange(self.max_length)
        skip = int(self.evens_first)
        count = (length + 1 - skip) // 2  # of those that come first
        order = jnp.where(index < count, 2 * index + skip, 2 * (index - count) + 1 - skip)
        return Pair(source, length, source[jnp.clip(order, 0, self.max_length - 1)], length)

    def answer(self, source):
        require(source, 2, "bits")
        odds, evens = source[::2], source[1::2]
        return evens + odds if self.evens_first else odds + evens

    def answer_length(self, source_length):
        return source_length
