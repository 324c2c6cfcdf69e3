"""Solve equation: a deterministic context-free task."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from neuralstack.tasks._chances import pick
from neuralstack.tasks._formats import Pair
from neuralstack.tasks.chomsky._base import AbstractChomskyTask, require
from neuralstack.tasks.chomsky._expressions import DIGITS, WORDS, draw_expression, value_of

OPERATORS = 2
UNKNOWN, EQUALS = len(WORDS), len(WORDS) + 1


@dataclass(frozen=True)
class SolveEquation(AbstractChomskyTask):
    """Find the digit that makes an equation hold modulo 5 (Delétang et al., 2023).

    A source is an expression as in modular arithmetic with brackets, with one digit replaced by `x`, followed by `=`
    and its value; it has no products, so that the solution is unique. The answer is the digit. A position in the
    expression is drawn uniformly, and the first digit from there on, or else the first of all, is replaced. A source of
    one or two symbols has no room for an equation: it is zeros, answered by 0. Symbols 10 and 11 are `x` and `=`.

    Examples:
        >>> task = SolveEquation()
        >>> task.decode(task.answer(task.encode("(x+4)=1")))
        '2'
    """

    @property
    def vocabulary(self):
        return WORDS + "x="

    def draw(self, key, length):
        expression_key, digit_key = jax.random.split(key)
        inner, index = jnp.maximum(length - 2, 1), jnp.arange(self.max_length)
        expression, value = draw_expression(expression_key, inner, self.max_length, OPERATORS)
        is_digit = (index < inner) & (expression < DIGITS)
        follows = is_digit & (index >= pick(jax.random.uniform(digit_key), inner))
        unknown = jnp.argmax(jnp.where(jnp.any(follows), follows, is_digit))
        source = jnp.where(index == unknown, UNKNOWN, expression)
        source = jnp.where(index == inner, EQUALS, jnp.where(index == inner + 1, value, source))
        return Pair(jnp.where(length < 3, 0, source), length, jnp.where(length < 3, 0, expression[unknown])[None], 1)

    def answer(self, source):
        require(source, EQUALS + 1, "the symbols of an equation, 0 to 11")
        if len(source) < 3 and not any(source):
            return [0]
        *expression, equals, wanted = source if len(source) > 2 else [0, 0, 0]
        if equals != EQUALS or wanted >= DIGITS or expression.count(UNKNOWN) != 1:
            raise ValueError(f"a source is an expression with one x, = and a digit, got {self.decode(source)!r}.")
        unknown = expression.index(UNKNOWN)
        (digit,) = [
            digit
            for digit in range(DIGITS)
            if value_of([*expression[:unknown], digit, *expression[unknown + 1 :]], OPERATORS) == wanted
        ]
        return [digit]

    def answer_length(self, source_length):
        return 1
