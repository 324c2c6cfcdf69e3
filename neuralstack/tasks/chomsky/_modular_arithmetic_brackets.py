"""Modular arithmetic with brackets: a deterministic context-free task."""

from dataclasses import dataclass

from neuralstack.tasks._formats import Pair
from neuralstack.tasks.chomsky._base import AbstractChomskyTask
from neuralstack.tasks.chomsky._expressions import WORDS, draw_expression, value_of


@dataclass(frozen=True)
class ModularArithmeticBrackets(AbstractChomskyTask):
    """Evaluate a bracketed expression modulo 5 (Delétang et al., 2023).

    Each operation has its own brackets; a digit may have a minus, and brackets. Symbols 0 to 4 are digits, 5 to 9 are
    `+`, `-`, `*`, `(` and `)`. Digits, operators, and the division of the symbols between the two sides of an operator
    are drawn uniformly.

    Args:
        max_length: The longest source, at least 1.
        multiplication: Whether products are drawn; by default, the benchmark has none. They are answered either way.

    Examples:
        >>> task = ModularArithmeticBrackets()
        >>> task.decode(task.answer(task.encode("((1-(-2))+4)")))
        '2'
    """

    multiplication: bool = False

    @property
    def vocabulary(self):
        return WORDS

    def draw(self, key, length):
        source, value = draw_expression(key, length, self.max_length, 2 + self.multiplication)
        return Pair(source, length, value[None], 1)

    def answer(self, source):
        return [value_of(source, 3)]

    def answer_length(self, source_length):
        return 1
