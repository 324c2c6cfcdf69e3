"""Binary multiplication: a context-sensitive task."""

from dataclasses import dataclass
from math import prod

import jax.numpy as jnp

from neuralstack.tasks._bits import multiply, terminated, terminated_list, up_to_terminator
from neuralstack.tasks._formats import Pair
from neuralstack.tasks.chomsky._base import AbstractChomskyTask
from neuralstack.tasks.chomsky._sums import OPERATOR, draw_two, read_two


@dataclass(frozen=True)
class BinaryMultiplication(AbstractChomskyTask):
    """Multiply two binary numbers, lowest bit first (Delétang et al., 2023).

    Sources are as in binary addition. The answer is the product without leading zeros, then a 2, and zeros up to the
    length of the source; what comes after the 2 is not scored. A source of one symbol is answered by a 2 alone, and one
    of two symbols by 0 and 2, whatever their bits. In text, the symbol 2 is `*`.

    Examples:
        >>> task = BinaryMultiplication()
        >>> task.answer(task.encode("001*01101"))
        [0, 0, 0, 1, 1, 0, 1, 2, 0]
    """

    @property
    def vocabulary(self):
        return "01*"

    def draw(self, key, length):
        source, first, second = draw_two(key, length, self.max_length)
        target = terminated(multiply(first, second), self.max_length)
        return Pair(source, length, jnp.where(length == 1, target.at[0].set(OPERATOR), target), length)

    def answer(self, source):
        product = prod(read_two(source, "*"))
        return [OPERATOR] if len(source) == 1 and source != [OPERATOR] else terminated_list(product, len(source))

    def answer_length(self, source_length):
        return source_length

    def scored(self, pair):
        return (jnp.arange(len(pair.target)) < pair.target_length) & up_to_terminator(pair.target)
