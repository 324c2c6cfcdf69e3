"""Modular arithmetic without brackets: a regular language."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from neuralstack.tasks._formats import Pair
from neuralstack.tasks.chomsky._base import AbstractChomskyTask, draw_below, require

DIGITS = 5
PLUS, MINUS, TIMES = 5, 6, 7


@dataclass(frozen=True)
class ModularArithmetic(AbstractChomskyTask):
    """Compute sums, differences and products modulo 5, without brackets (Delétang et al., 2023).

    A source has digits 0 to 4 with `+`, `-` or `*` between them; products are computed first. Its length is odd: a
    requested even length is decreased by one. Digits and operators are drawn uniformly. Symbols 5, 6 and 7 are the
    operators.

    Examples:
        >>> task = ModularArithmetic()
        >>> task.decode(task.answer(task.encode("1+2*3")))
        '2'
    """

    @property
    def vocabulary(self):
        return "01234+-*"

    def draw(self, key, length):
        digit_key, operator_key = jax.random.split(key)
        size = self.source_length(self.max_length)
        digits = draw_below(digit_key, size, DIGITS)
        source = jnp.where(jnp.arange(size) % 2, PLUS + draw_below(operator_key, size, 3), digits)

        def advance(carry, step):
            total, product = carry
            operator, digit, inside = step
            times, signed = operator == TIMES, jnp.where(operator == MINUS, -digit, digit)
            advanced = jnp.where(times, total, total + product), jnp.where(times, product * digit, signed)
            return jax.tree.map(lambda new, old: jnp.where(inside, new % DIGITS, old), advanced, carry), None

        steps = source[1::2], source[2::2], jnp.arange(2, size, 2) < length
        (total, product), _ = jax.lax.scan(advance, (jnp.zeros_like(source[0]), source[0]), steps)
        return Pair(source, self.source_length(length), ((total + product) % DIGITS)[None], 1)

    def answer(self, source):
        require(source, TIMES + 1, "digits and operators, 0 to 7")
        well_formed = all((symbol < DIGITS) == (index % 2 == 0) for index, symbol in enumerate(source))
        if not well_formed or len(source) % 2 == 0:
            raise ValueError(
                f"a source has a digit at each odd place and an operator between each two, got {self.decode(source)!r}."
            )
        total, product = 0, source[0]
        for operator, digit in zip(source[1::2], source[2::2], strict=True):
            if operator == TIMES:
                product *= digit
            else:
                total, product = total + product, digit if operator == PLUS else -digit
        return [(total + product) % DIGITS]

    def answer_length(self, source_length):
        return 1

    def source_length(self, length):
        return length - (length + 1) % 2
