"""Pairs of sources and answers as data: read, divided into splits, and looked up by length."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PRNGKeyArray

from neuralstack.tasks._formats import Pair

SPLITS = "train", "validation", "test"
SHARES = 80, 90  # percent: a pair without a split is for training below the first, for validation below the second
LARGEST_TABLE = 1 << 28  # symbols of the padded pairs of a split

Row = tuple[tuple[int, ...], tuple[int, ...], str]


class Table(NamedTuple):
    """The pairs of one split, ordered by the length of their sources, and an index of these lengths."""

    sources: Int[np.ndarray, "pairs source"]
    source_lengths: Int[np.ndarray, " pairs"]
    targets: Int[np.ndarray, "pairs target"]
    target_lengths: Int[np.ndarray, " pairs"]
    first: Int[np.ndarray, " lengths"]
    """The first pair of each source length, or of the nearest length that exists."""
    pair_count: Int[np.ndarray, " lengths"]
    """The number of pairs of that length."""
    nearest: Int[np.ndarray, " lengths"]
    """That length."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of sources and answers as symbol numbers, each in a split.

    They are equal if their content is, whatever file it comes from.
    """

    vocabulary: tuple[str, ...]
    digest: str
    rows: tuple[Row, ...] = field(repr=False, compare=False)

    @classmethod
    def from_pairs(
        cls, pairs: Sequence[tuple[Any, Any, str | None]], vocabulary: Sequence[str] | None = None
    ) -> "Pairs":
        """Return pairs from sources, answers and splits; None stands for a split chosen by content.

        Raises:
            ValueError: If there are no pairs, a symbol is unknown, or a pair is empty.
        """
        if not pairs:
            raise ValueError("a task of pairs needs at least one pair of a source and a target, got none.")
        names = tuple(vocabulary) if vocabulary is not None else symbols_of(pairs)
        number = {name: number for number, name in enumerate(names)}
        rows = []
        for index, (source, target, split) in enumerate(pairs):
            tokens = []
            for role, sequence in (("source", source), ("target", target)):
                unknown = [symbol for symbol in sequence if str(symbol) not in number]
                if unknown or not len(sequence):
                    got = f"the symbol {unknown[0]!r}, which is not in the vocabulary" if unknown else "no symbol"
                    raise ValueError(f"the {role} of pair {index + 1} has {got}: give at least one known symbol.")
                tokens.append(tuple(number[str(symbol)] for symbol in sequence))
            rows.append((*tokens, split or split_of(tokens[0])))
        return cls.from_rows(names, rows)

    @classmethod
    def from_rows(cls, vocabulary: tuple[str, ...], rows: Sequence[Row]) -> "Pairs":
        """Return pairs from numbers of symbols."""
        digest = hashlib.sha256(json.dumps([vocabulary, rows]).encode()).hexdigest()
        return cls(vocabulary, digest, tuple(rows))

    @cached_property
    def longest_source(self) -> int:
        """Length of the longest source of all splits."""
        return max(len(source) for source, _, _ in self.rows)

    @cached_property
    def longest_target(self) -> int:
        """Length of the longest answer of all splits."""
        return max(len(target) for _, target, _ in self.rows)

    @cached_property
    def _answers(self) -> dict[tuple[int, ...], tuple[int, ...]]:
        return {source: target for source, target, _ in reversed(self.rows)}

    def answer(self, source: list[int]) -> list[int]:
        """Return the answer of the first pair with this source.

        Raises:
            ValueError: If no pair has this source.
        """
        target = self._answers.get(tuple(source))
        if target is None:
            written = " ".join(self.vocabulary[token] for token in source)
            raise ValueError(f"the data has no answer to {written!r}: only its own sources have a known answer.")
        return list(target)

    def rows_of(self, split: str) -> list[Row]:
        """Return the pairs of a split, the shortest source first; those of training if it has none of its own.

        Raises:
            ValueError: If no pairs are left for training.
        """
        rows = [row for row in self.rows if row[2] == split] or [row for row in self.rows if row[2] == "train"]
        if not rows:
            raise ValueError("the data has no pair in the split 'train': give some, or leave the splits out.")
        return sorted(rows, key=lambda row: len(row[0]))

    def lengths(self, split: str) -> tuple[int, int]:
        """Return the lengths of the shortest and the longest source of a split."""
        rows = self.rows_of(split)
        return len(rows[0][0]), len(rows[-1][0])

    def table(self, split: str) -> Table:
        """Return the pairs of a split as arrays.

        Raises:
            ValueError: If the padded arrays would be too large.
        """
        if split not in self._tables:
            self._tables[split] = self._build_table(self.rows_of(split))
        return self._tables[split]

    @cached_property
    def _tables(self) -> dict[str, Table]:
        return {}

    def _build_table(self, rows: list[Row]) -> Table:
        size = len(rows) * (self.longest_source + self.longest_target)
        if size > LARGEST_TABLE:
            raise ValueError(
                f"{len(rows)} pairs of up to {self.longest_source} and {self.longest_target} symbols take {size} "
                f"symbols when padded, but at most {LARGEST_TABLE} fit: leave out the longest or some of the pairs."
            )
        sources = padded([source for source, _, _ in rows], self.longest_source)
        targets = padded([target for _, target, _ in rows], self.longest_target)
        source_lengths = np.array([len(source) for source, _, _ in rows], np.int32)
        target_lengths = np.array([len(target) for _, target, _ in rows], np.int32)
        known = np.unique(source_lengths)
        wanted = np.arange(self.longest_source + 1)
        nearest = known[np.abs(known[:, None] - wanted).argmin(0)]
        first = np.searchsorted(source_lengths, nearest, side="left")
        count = np.searchsorted(source_lengths, nearest, side="right") - first
        places = (column.astype(np.int32) for column in (first, count, nearest))
        return Table(sources, source_lengths, targets, target_lengths, *places)


def draw_pair(table: Table, key: PRNGKeyArray, length: Int[Array, ""] | int) -> Pair:
    """Draw one of the pairs of a length, or of the nearest length that exists."""
    length = jnp.clip(length, 0, len(table.first) - 1)
    row = jnp.asarray(table.first)[length] + jax.random.randint(key, (), 0, jnp.asarray(table.pair_count)[length])
    return Pair(*(jnp.asarray(column)[row] for column in table[:4]))


def nearest_length(table: Table, length: Any) -> Any:
    """Return the length of the sources drawn if this length is requested; it may be traced."""
    if isinstance(length, int | np.integer):
        return int(table.nearest[min(max(length, 0), len(table.nearest) - 1)])
    return jnp.asarray(table.nearest)[jnp.clip(length, 0, len(table.nearest) - 1)]


def padded(sequences: list[tuple[int, ...]], longest: int) -> Int[np.ndarray, "pairs {longest}"]:
    """Return sequences as rows, padded with 0."""
    rows = np.zeros((len(sequences), longest), np.int32)
    for row, sequence in zip(rows, sequences, strict=True):
        row[: len(sequence)] = sequence
    return rows


def symbols_of(pairs: Sequence[tuple[Any, Any, str | None]]) -> tuple[str, ...]:
    """Return all symbols of pairs in alphabetical order; for ids, all numbers up to the largest one."""
    symbols = {symbol for source, target, _ in pairs for sequence in (source, target) for symbol in sequence}
    if all(isinstance(symbol, int) for symbol in symbols):
        return tuple(str(number) for number in range(max(symbols) + 1))
    return tuple(sorted(map(str, symbols)))


def split_of(source: tuple[int, ...]) -> str:
    """Return the split of all pairs with this source."""
    chance = int.from_bytes(hashlib.sha256(repr(source).encode()).digest()[:4], "big") % 100
    return SPLITS[sum(chance >= share for share in SHARES)]
