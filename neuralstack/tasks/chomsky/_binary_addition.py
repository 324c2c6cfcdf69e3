"""Binary addition: a context-sensitive task."""

from dataclasses import dataclass

import jax.numpy as jnp

from neuralstack.tasks._bits import add, terminated, terminated_list, up_to_terminator
from neuralstack.tasks._formats import Pair
from neuralstack.tasks.chomsky._base import AbstractChomskyTask
from neuralstack.tasks.chomsky._sums import draw_two, read_two


@dataclass(frozen=True)
class BinaryAddition(AbstractChomskyTask):
    """Add two binary numbers, lowest bit first (Delétang et al., 2023).

    A source is a number, the symbol 2, and another number. The answer is the sum without leading zeros, then a 2, and
    zeros up to one symbol more than the source; what comes after the 2 is not scored. The position of the 2 is uniform,
    with at least one bit on each side, and so is a number of n bits, from 1 to 2^n - 1. A source of one or two symbols
    is a single number below 2^n - 1, which is its own answer. In text, the symbol 2 is `+`.

    Examples:
        >>> task = BinaryAddition()
        >>> task.answer(task.encode("001+01101"))
        [0, 1, 0, 1, 1, 2, 0, 0, 0, 0]
    """

    @property
    def vocabulary(self):
        return "01+"

    def draw(self, key, length):
        source, first, second = draw_two(key, length, self.max_length)
        return Pair(source, length, terminated(add(first, second), self.max_length + 1), length + 1)

    def answer(self, source):
        return terminated_list(sum(read_two(source, "+")), len(source) + 1)

    def answer_length(self, source_length):
        return source_length + 1

    def scored(self, pair):
        return (jnp.arange(len(pair.target)) < pair.target_length) & up_to_terminator(pair.target)
