"""String reversal: read a string, then write it backwards."""

from dataclasses import dataclass

import jax.numpy as jnp

from neuralstack.tasks._alphabet import draw_symbols
from neuralstack.tasks._formats import Pair, push_then_pop
from neuralstack.tasks.transductions._base import AbstractStringTransduction


@dataclass(frozen=True)
class Reversal(AbstractStringTransduction):
    """Read a string, then write it backwards (Grefenstette et al., 2015): easy with a stack, hard without.

    Symbols are drawn uniformly with replacement; symbol i is the i-th character of `alphabet`, by default the 128
    characters of ASCII.

    Args:
        max_length: The longest source, at least 1.
        alphabet: The characters that stand for the symbols, each once.

    Raises:
        ValueError: If `max_length` is below 1, or the alphabet is empty or has a character twice.

    Examples:
        With START 2, SEPARATOR 3 and END 4:

        >>> task = Reversal(max_length=3, alphabet="ab")
        >>> task.answer([0, 1, 1])
        [1, 1, 0]
        >>> example = task.example([0, 1, 1], [1, 1, 0])
        >>> example.inputs.tolist()
        [2, 0, 1, 1, 3, 1, 1, 0]
        >>> example.targets.tolist()
        [0, 1, 1, 3, 1, 1, 0, 4]
        >>> task.decode(task.answer(task.encode("abb")))
        'bba'
    """

    def draw(self, key, length):
        source = draw_symbols(key, self.max_length, self.symbols)
        return Pair(source, length, source[jnp.clip(length - 1 - jnp.arange(self.max_length), 0)], length)

    def answer(self, source):
        return source[::-1]

    def answer_length(self, source_length):
        return source_length

    def strengths(self, length):
        return push_then_pop(self.format.first_answer(length), length, self.steps)
