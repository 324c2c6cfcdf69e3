"""Bigram flip: read a string, then write it with each pair of symbols swapped."""

from dataclasses import dataclass

import jax.numpy as jnp

from neuralstack.tasks._alphabet import draw_symbols
from neuralstack.tasks._formats import Pair
from neuralstack.tasks.transductions._base import AbstractStringTransduction


@dataclass(frozen=True)
class BigramFlip(AbstractStringTransduction):
    """Read a string, then write it with each pair of symbols swapped (Grefenstette et al., 2015).

    The length of a source is even: a requested odd length is increased by one. Symbols are drawn uniformly with
    replacement; symbol i is the i-th character of `alphabet`.

    Args:
        max_length: The longest source, at least 1; an odd number is increased by 1.
        alphabet: The characters that stand for the symbols, each once.

    Examples:
        >>> task = BigramFlip(alphabet="abcd")
        >>> task.decode(task.answer(task.encode("abcd")))
        'badc'
    """

    def draw(self, key, length):
        size, even = self.source_length(self.max_length), self.source_length(length)
        source = draw_symbols(key, size, self.symbols)
        return Pair(source, even, source[jnp.arange(size) ^ 1], even)

    def answer(self, source):
        if len(source) % 2:
            raise ValueError(f"the source of a bigram flip has an even length, got {len(source)} symbols.")
        return [symbol for pair in zip(source[1::2], source[::2], strict=True) for symbol in pair]

    def answer_length(self, source_length):
        return source_length

    def source_length(self, length):
        return length + length % 2
