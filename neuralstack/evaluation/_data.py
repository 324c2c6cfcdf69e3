"""Evaluation sets read from a file."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neuralstack._json import parse_json
from neuralstack.evaluation._sets import Examples, require_room_for
from neuralstack.tasks import AbstractTask

LARGEST_FILE = 1 << 30  # bytes
NEEDED = '{"source": ..., "target": ...}'

TokenPair = tuple[list[int], list[int]]


def read_data(task: AbstractTask, path: str | Path) -> Examples:
    """Read sequences from a JSON-lines file, with one `{"source": ..., "target": ...}` per line.

    Sources and targets are strings, lists of words, or lists of symbol numbers from 0. The END mark is not part of a
    target.

    Raises:
        ValueError: If the file cannot be read, is empty, or has a broken line, which is named.
    """
    return format_pairs(task, read_token_pairs(task, path))


def read_token_pairs(task: AbstractTask, path: str | Path) -> list[TokenPair]:
    """Read the sources and targets of a JSON-lines file as symbols of a task (see `read_data`).

    Raises:
        ValueError: If the file cannot be read, is empty, or has a broken line, which is named.
    """
    path = Path(path)
    try:
        if path.exists() and not path.is_file():
            raise OSError("it is not a regular file")
        if path.stat().st_size > LARGEST_FILE:
            raise OSError(f"it has more than {LARGEST_FILE >> 30} GiB")
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot read the data file {str(path)!r}: {error}.") from None
    pairs = [
        _read_pair(task, line, f"line {number} of {str(path)!r}")
        for number, line in enumerate(lines, 1)
        if line.strip()
    ]
    if not pairs:
        raise ValueError(
            f"the data file {str(path)!r} is empty: it needs at least one line with a source and a target."
        )
    return pairs


def format_pairs(task: AbstractTask, pairs: Sequence[tuple[list[int], list[int]]]) -> Examples:
    """Lay out given sources and their answers, of any lengths, as one set."""
    longest = max(max(map(len, pair)) for pair in pairs)
    require_room_for(task, longest, len(pairs), f"{len(pairs)} sequences of up to {longest} symbols need")
    task = replace(task, max_length=longest)
    padded = np.zeros((2, len(pairs), task.max_length), np.int32)
    lengths = np.array([[len(tokens) for tokens in pair] for pair in pairs]).T
    for row, pair in enumerate(pairs):
        for side, tokens in enumerate(pair):
            padded[side, row, : len(tokens)] = tokens
    examples = jax.jit(jax.vmap(task.format_pair))(padded[0], lengths[0], padded[1], lengths[1])
    return Examples(examples, jnp.asarray(lengths[0]))


def _read_pair(task: AbstractTask, line: str, where: str) -> TokenPair:
    try:
        pair = parse_json(line)
        source, target = pair["source"], pair["target"]
    except (ValueError, TypeError, KeyError):
        raise ValueError(f"{where} is broken: it needs {NEEDED}, got {line[:60]!r}.") from None
    return _tokens_of(task, source, "source", where), _tokens_of(task, target, "target", where)


def _tokens_of(task: AbstractTask, sequence: Any, name: str, where: str) -> list[int]:
    """Return a source or a target as symbols."""
    if isinstance(sequence, str) and sequence:
        try:
            return task.encode(sequence)
        except ValueError as error:
            raise ValueError(f"{where} is broken: its {name} has an {error}") from None
    symbols: list[Any] = sequence if isinstance(sequence, list) else []
    kinds = {type(symbol) for symbol in symbols}
    if kinds not in ({int}, {str}):
        raise ValueError(
            f"{where} is broken: its {name} must be a string, a list of words or a list of numbers of symbols, at "
            f"least one, got {repr(sequence)[:60]}."
        )
    if kinds == {int}:
        wrong = [symbol for symbol in symbols if not 0 <= symbol < task.symbols]
        if wrong:
            raise ValueError(f"{where} is broken: symbol {wrong[0]} of its {name} is not in 0..{task.symbols - 1}.")
        return symbols
    numbers = {word: number for number, word in enumerate(task.vocabulary)}
    unknown = [word for word in symbols if word not in numbers]
    if unknown:
        raise ValueError(f"{where} is broken: the word {unknown[0]!r} of its {name} is not one of the task's symbols.")
    return [numbers[word] for word in symbols]
