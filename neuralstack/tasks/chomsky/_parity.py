"""Parity: a regular language."""

from dataclasses import dataclass

import jax.numpy as jnp

from neuralstack.tasks._formats import Pair
from neuralstack.tasks.chomsky._base import AbstractChomskyTask, draw_below, require


@dataclass(frozen=True)
class Parity(AbstractChomskyTask):
    """Decide whether a string of bits has an odd number of ones (Delétang et al., 2023).

    The answer is the number of ones modulo 2. Bits are drawn uniformly.

    Examples:
        >>> task = Parity()
        >>> task.decode(task.answer(task.encode("0111")))
        '1'
    """

    @property
    def vocabulary(self):
        return "01"

    def draw(self, key, length):
        source = draw_below(key, self.max_length, 2)
        ones = jnp.where(jnp.arange(self.max_length) < length, source, 0).sum()
        return Pair(source, length, (ones % 2)[None], 1)

    def answer(self, source):
        require(source, 2, "bits")
        return [sum(source) % 2]

    def answer_length(self, source_length):
        return 1
