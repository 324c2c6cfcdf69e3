"""Counting languages: strings whose second part is determined by the length of the first."""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from neuralstack.tasks._base import AbstractTask
from neuralstack.tasks._formats import Pair, Synchronous

LANGUAGES = {
    "anbn": (((1, 0), (1, 0)), 1),
    "anbncn": (((1, 0), (1, 0), (1, 0)), 1),
    "anbncndn": (((1, 0), (1, 0), (1, 0), (1, 0)), 1),
    "anb2n": (((1, 0), (2, 0)), 1),
    "anbmcnm": (((1, 0), (0, 1), (1, 1)), 2),
}
"""Multiples of n and m in each block of equal letters, and the first block within which the rest is determined."""


@dataclass(frozen=True)
class Counting(AbstractTask):
    """Predict the next letter in strings of a counting language, such as aabb aaabbb (Joulin & Mikolov, 2015).

    A source is a stream of strings of a language, without gaps, each with its own n (and m), drawn uniformly from 1 to
    the requested `length`. It is as long as `strings` of the longest strings, and is cut off there. The target of each
    step is the next symbol, scored only where it is determined: from the first b on, or the first c of `anbmcnm`, to
    the last letter, whose target is an a. If it is not determined, at the end, the target is an a.

    The published streams start with n = 2 (see `min_count`), and their stacks are emptied only after every tenth
    string; here, the memory is empty at the start of each source and, as there, not emptied between its strings. The
    published `anbmcnm` draws n + m, and then m from 1 to n + m - 1; here, n and m are drawn in the same way.

    Args:
        max_length: The largest n, at least 1.
        language: One of `anbn`, `anbncn`, `anbncndn`, `anb2n` and `anbmcnm` (a^n b^m c^(n+m)).
        strings: Number of longest strings that fit in a stream.
        min_count: The smallest n and m; if a smaller `length` is requested, all are equal to it.

    Raises:
        ValueError: If the language is unknown, or a number is below 1.

    Examples:
        >>> task = Counting(max_length=3, language="anbn")
        >>> task.decode(task.answer(task.encode("aabbab")))
        'abbaba'
        >>> jax.jit(task.sample)(jax.random.key(0), 3).mask.any()
        Array(True, dtype=bool)
    """

    max_length: int = 60
    language: str = "anbn"
    strings: int = 3
    min_count: int = 1
    train_lengths: ClassVar[tuple[int, int]] = (1, 19)
    sized_by_source: ClassVar[bool] = False
    test_lengths: ClassVar[tuple[int, int]] = (20, 60)

    @property
    def blocks(self) -> tuple[tuple[int, int], ...]:
        """Multiples of n and m in each block."""
        if self.language not in LANGUAGES or self.strings < 1:
            raise ValueError(
                f"a counting language is one of {', '.join(LANGUAGES)}, with at least 1 string in a stream, "
                f"got {self.language!r} and {self.strings}."
            )
        if not 1 <= self.min_count <= self.max_length:
            raise ValueError(f"min_count must be from 1 to max_length={self.max_length}, got {self.min_count}.")
        return LANGUAGES[self.language][0]

    @property
    def vocabulary(self):
        return "abcd"[: len(self.blocks)]

    @property
    def format(self):
        return Synchronous(self.symbols)

    def draw(self, key, length):
        room, largest = self.source_length(self.max_length), jnp.maximum(length, self.min_count)
        counts = jax.random.randint(key, (self.strings * self.max_length, 2), self.min_count, largest + 1)
        edges = jnp.cumsum(counts @ jnp.array(self.blocks).T, axis=1)  # where each block of each string ends
        ends = jnp.cumsum(edges[:, -1])
        time = jnp.arange(room + 1)
        string = jnp.searchsorted(ends, time, side="right")
        index = time - (ends - edges[:, -1])[string]
        # The shortest strings may fill the room exactly; an a follows them too.
        symbols = (edges[string] <= index[:, None]).sum(1) % self.symbols
        source, last = symbols[:-1], self.source_length(length) - 1
        known = (time[:-1] != last) | (source >= self.known_from)
        return Pair(source, last + 1, jnp.where(known, symbols[1:], 0), last + 1)

    def answer(self, source):
        if source[:1] != [0]:
            raise ValueError(f"a stream of {self.language} begins with an a, got {self.decode(source)!r}.")
        target = [*source[1:], 0]
        counts = [0] * len(self.blocks)
        for index, symbol in enumerate(source):
            if symbol == 0 and counts[-1]:
                counts = [0] * len(self.blocks)
            counts[symbol] += 1
            allowed = self.following(counts, symbol)
            if index == len(source) - 1:
                target[-1] = allowed[0] if len(allowed) == 1 else 0
            elif source[index + 1] not in allowed:
                raise ValueError(
                    f"{self.decode(source)!r} is not a stream of {self.language}: symbol {index + 2} is wrong."
                )
        return target

    def following(self, counts: list[int], symbol: int) -> list[int]:
        """Return the symbols that may follow `symbol`, given the counts of all symbols in its string."""
        if symbol < self.known_from:
            return [symbol, symbol + 1]
        n, m = counts[0], counts[1]
        of_n, of_m = self.blocks[symbol]
        if counts[symbol] < of_n * n + of_m * m:
            return [symbol]
        return [(symbol + 1) % len(self.blocks)]

    def answer_length(self, source_length):
        return source_length

    def source_length(self, length):
        return self.strings * sum(map(sum, self.blocks)) * length

    def scored(self, pair):
        inside = jnp.arange(len(pair.source)) < pair.source_length
        return inside & (pair.source >= self.known_from)

    @property
    def known_from(self) -> int:
        """The first block within which the next symbol is determined."""
        return LANGUAGES[self.language][1]

    def single(self, n: Int[Array, ""] | int, m: Int[Array, ""] | int = 1) -> list[int]:
        """Return the string of the language with this n and m."""
        return [symbol for symbol, (of_n, of_m) in enumerate(self.blocks) for _ in range(of_n * int(n) + of_m * int(m))]
