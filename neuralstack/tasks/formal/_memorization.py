"""Memorization: a string, a mark, and the string backwards."""

from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp

from neuralstack.tasks._alphabet import draw_symbols
from neuralstack.tasks._base import AbstractTask
from neuralstack.tasks._formats import Pair, Synchronous


@dataclass(frozen=True)
class Memorization(AbstractTask):
    """Predict the next symbol of a string, a mark, and the string backwards (Joulin & Mikolov, 2015).

    A source is a string w, drawn uniformly, the mark `#` and w backwards; the requested length is that of w. The target
    of each step is the next symbol, scored from the mark on; after the last symbol, it is the mark.

    The published sources are streams of such strings, with at least 2 symbols in w, and their stacks are emptied only
    after every tenth string; here, each string is its own source, and the memory is empty at its start.

    Args:
        max_length: The longest w, at least 1.
        alphabet: The characters of w, each once and without `#`.

    Examples:
        >>> task = Memorization(max_length=3)
        >>> task.decode(task.answer(task.encode("abb#bba")))
        'bb#bba#'
    """

    max_length: int = 60
    alphabet: str = "ab"
    train_lengths: ClassVar[tuple[int, int]] = (1, 20)
    sized_by_source: ClassVar[bool] = False
    test_lengths: ClassVar[tuple[int, int]] = (21, 60)

    @property
    def vocabulary(self):
        if not self.alphabet:
            raise ValueError("an alphabet needs at least one character besides #, got ''.")
        return self.alphabet + "#"

    @property
    def format(self):
        return Synchronous(self.symbols)

    def draw(self, key, length):
        room = self.source_length(self.max_length)
        string = draw_symbols(key, self.max_length, len(self.alphabet))
        index = jnp.arange(room + 1)
        mirrored = string[jnp.clip(jnp.minimum(index, 2 * length - index), 0, self.max_length - 1)]
        symbols = jnp.where((index == length) | (index > 2 * length), len(self.alphabet), mirrored)
        return Pair(symbols[:-1], 2 * length + 1, symbols[1:], 2 * length + 1)

    def answer(self, source):
        half, mark = len(source) // 2, len(self.alphabet)
        if source[half : half + 1] != [mark] or source.count(mark) != 1 or source != source[::-1]:
            raise ValueError(f"a source is a string, # and the string backwards, got {self.decode(source)!r}.")
        return [*source[1:], mark]

    def answer_length(self, source_length):
        return source_length

    def source_length(self, length):
        return 2 * length + 1

    def scored(self, pair):
        index = jnp.arange(len(pair.source))
        return (index >= pair.source_length // 2) & (index < pair.source_length)
