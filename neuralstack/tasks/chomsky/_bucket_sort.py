"""Bucket sort: a context-sensitive task."""

from dataclasses import dataclass

import jax.numpy as jnp

from neuralstack.tasks._formats import Pair
from neuralstack.tasks.chomsky._base import AbstractChomskyTask, draw_below, require

SYMBOLS = 5


@dataclass(frozen=True)
class BucketSort(AbstractChomskyTask):
    """Sort a string of five different symbols (Delétang et al., 2023).

    Symbols are drawn uniformly.

    Examples:
        >>> task = BucketSort()
        >>> task.decode(task.answer(task.encode("421302214")))
        '011222344'
    """

    @property
    def vocabulary(self):
        return "01234"

    def draw(self, key, length):
        source = draw_below(key, self.max_length, SYMBOLS)
        inside = jnp.arange(self.max_length) < length
        return Pair(source, length, jnp.sort(jnp.where(inside, source, SYMBOLS)) % SYMBOLS, length)

    def answer(self, source):
        require(source, SYMBOLS, "symbols 0 to 4")
        return sorted(source)

    def answer_length(self, source_length):
        return source_length
