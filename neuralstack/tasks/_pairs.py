"""Pairs of sources and answers as data: read, divided into splits, and looked up by length."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int

SPLITS = "train", "validation", "test"
SHARES = 80, 90  # percent below which a pair without a split is for training, for validation; the rest is for tests
LARGEST_FILE = 1 << 30  # bytes
LARGEST_TABLE = 1 << 28  # symbols of the padded pairs of a split

Row = tuple[tuple[int, ...], tuple[int, ...], str]


class Table(NamedTuple):
    """The pairs of one split, the shortest source first, and where those of each length are."""

    sources: Int[np.ndarray, "pairs source"]
    source_lengths: Int[np.ndarray, " pairs"]
    targets: Int[np.ndarray, "pairs target"]
    target_lengths: Int[np.ndarray, " pairs"]
    first: Int[np.ndarray, " lengths"]
    """The first pair of each length of a source, or of the nearest length that there is."""
    pair_count: Int[np.ndarray, " lengths"]
    """The number of pairs of that length."""
    nearest: Int[np.ndarray, " lengths"]
    """That length."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of sources and answers as numbers of symbols, each in a split.

    Two are equal if their content is, whatever file they come from.
    """

    vocabulary: tuple[str, ...]
    digest: str
    rows: tuple[Row, ...] = field(repr=False, compare=False)

    @classmethod
    def from_pairs(
        cls, pairs: Sequence[tuple[Any, Any, str | None]], vocabulary: Sequence[str] | None = None
    ) -> "Pairs":
        """Return pairs from sources, answers and splits; None stands for a split by content.

        Raises:
            ValueError: If there are no pairs, a symbol is unknown, or a pair is empty.
        """
        if not pairs:
            raise ValueError("a task of pairs needs at least one pair of a source and a target, got none.")
        names = tuple(vocabulary) if vocabulary is not None else symbols_of(pairs)
        number = {name: place for place, name in enumerate(names)}
        rows = []
        for index, (source, target, split) in enumerate(pairs):
            tokens = []
            for role, sequence in (("source", source), ("target", target)):
                unknown = [symbol for symbol in sequence if str(symbol) not in number]
                if unknown or not len(sequence):
                    got = f"the symbol {unknown[0]!r}, which is not in the vocabulary" if unknown else "no symbol"
                    raise ValueError(f"the {role} of pair {index + 1} has {got}: needed is at least one known symbol.")
                tokens.append(tuple(number[str(symbol)] for symbol in sequence))
            rows.append((*tokens, split or split_of(tokens[0])))
        digest = hashlib.sha256(json.dumps([names, rows]).encode()).hexdigest()
        return cls(names, digest, tuple(rows))

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
            ValueError: If there is none.
        """
        target = self._answers.get(tuple(source))
        if target is None:
            written = " ".join(self.vocabulary[token] for token in source)
            raise ValueError(f"the data has no answer to {written!r}: only its own sources have a known answer.")
        return list(target)

    def rows_of(self, split: str) -> list[Row]:
        """Return the pairs of a split, the shortest source first; those of training where it has none of its own.

        Raises:
            ValueError: If there are no pairs for training.
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
            ValueError: If they are too many to be held padded.
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
                f"{len(rows)} pairs of up to {self.longest_source} and {self.longest_target} symbols are too many to "
                f"be held: {size} symbols, at most {LARGEST_TABLE}; leave the longest or some of the pairs out."
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


def padded(sequences: list[tuple[int, ...]], longest: int) -> Int[np.ndarray, "pairs {longest}"]:
    """Return sequences as rows, filled up with 0."""
    rows = np.zeros((len(sequences), longest), np.int32)
    for row, sequence in zip(rows, sequences, strict=True):
        row[: len(sequence)] = sequence
    return rows


def symbols_of(pairs: Sequence[tuple[Any, Any, str | None]]) -> tuple[str, ...]:
    """Return all symbols of pairs, in the order of the alphabet; ids are all numbers up to the largest one."""
    symbols = {symbol for source, target, _ in pairs for sequence in (source, target) for symbol in sequence}
    if all(isinstance(symbol, int) for symbol in symbols):
        return tuple(str(number) for number in range(max(symbols) + 1))
    return tuple(sorted(map(str, symbols)))


def split_of(source: tuple[int, ...]) -> str:
    """Return the split of all pairs with a source."""
    chance = int.from_bytes(hashlib.sha256(repr(source).encode()).digest()[:4], "big") % 100
    return SPLITS[sum(chance >= share for share in SHARES)]


def read_pairs(path: str | Path, vocabulary: Sequence[str] | None = None) -> Pairs:
    """Read pairs from a file of JSON lines, `{"source": ..., "target": ..., "split": ...}`.

    Sources and targets are strings of characters, lists of words, or lists of ids, all of one kind.

    Raises:
        ValueError: If the file cannot be read, holds nothing, or has a broken line, which is named.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        raise ValueError(f"{str(path)!r} is not a regular file: give a file of JSON lines.")
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ValueError(f"{str(path)!r} has more than {LARGEST_FILE >> 30} GiB: give a smaller file of pairs.")
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot read the file of pairs {str(path)!r}: {error}; give a file of JSON lines.") from None
    rows, kinds = [], {}
    for number, line in enumerate(lines, 1):
        if line.strip():
            source, target, split, kind = parse_line(line, f"line {number} of {str(path)!r}")
            kinds.setdefault(kind, number)
            rows.append((source, target, split))
    if not rows:
        raise ValueError(f'{str(path)!r} is empty: it needs at least one line {{"source": ..., "target": ...}}.')
    if len(kinds) > 1:
        (first, first_line), (other, other_line) = list(kinds.items())[:2]
        raise ValueError(
            f"the pairs of {str(path)!r} are of different kinds, {first} on line {first_line} and {other} on line "
            f"{other_line}: give strings, lists of words or lists of ids throughout."
        )
    return Pairs.from_pairs(rows, vocabulary)


def parse_line(line: str, where: str) -> tuple[Any, Any, str | None, str]:
    """Return source, target, split and kind of a line.

    Raises:
        ValueError: If it is broken.
    """
    try:
        pair = json.loads(line)
        source, target, split = pair["source"], pair["target"], pair.get("split")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ValueError(f'{where} is broken: it needs {{"source": ..., "target": ...}}, got {line[:60]!r}.') from None
    if split is not None and split not in SPLITS:
        raise ValueError(f"{where} is broken: its split must be one of {', '.join(SPLITS)}, got {split!r}.")
    kinds = {kind_of(sequence) for sequence in (source, target)}
    if len(kinds) > 1 or None in kinds:
        raise ValueError(
            f"{where} is broken: source and target must both be strings, lists of words, or lists of ids from 0, and "
            f"not empty, got {line[:60]!r}."
        )
    return source, target, split, str(kinds.pop())


def kind_of(sequence: Any) -> str | None:
    """Return the kind of a source or a target, or None if it is of no kind."""
    if isinstance(sequence, str) and sequence:
        return "a string"
    if isinstance(sequence, list) and sequence:
        if all(type(symbol) is int and 0 <= symbol < 1 << 20 for symbol in sequence):
            return "a list of ids"
        if all(isinstance(symbol, str) and symbol for symbol in sequence):
            return "a list of words"
    return None
