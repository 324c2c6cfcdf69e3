"""Files of pairs of sources and answers, as JSON lines."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from neuralstack._json import parse_json
from neuralstack.tasks._pairs import SPLITS, Pairs

LARGEST_FILE = 1 << 30  # bytes


def read_pairs(path: str | Path, vocabulary: Sequence[str] | None = None) -> Pairs:
    """Read pairs from a file of JSON lines, `{"source": ..., "target": ..., "split": ...}`.

    Sources and targets are strings of characters, lists of words, or lists of ids, all of the same kind.

    Raises:
        ValueError: If the file cannot be read, is empty, or has a broken line, which is named.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        raise ValueError(f"{str(path)!r} is not a regular file: give a file of JSON lines.")
    try:
        status = path.stat()
    except OSError as error:
        raise unreadable(path, error) from None
    names = None if vocabulary is None else tuple(vocabulary)
    return _read(path, path.absolute(), (status.st_mtime_ns, status.st_size, status.st_ino), names)


def unreadable(path: Path, error: Exception) -> ValueError:
    """Return the error for a file that cannot be read, with the reason and where it was looked for."""
    reason = error.strerror if isinstance(error, OSError) else error
    return ValueError(
        f"cannot read the file of pairs {str(path)!r}, looked for in {str(path.absolute().parent)!r} ({reason}): give "
        "the path of a file of JSON lines."
    )


@lru_cache(maxsize=4)
def _read(path: Path, where: Path, version: tuple[int, ...], vocabulary: tuple[str, ...] | None) -> Pairs:
    """Read each version of a file only once: training builds its task several times."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ValueError(f"{str(path)!r} has more than {LARGEST_FILE >> 30} GiB: give a smaller file of pairs.")
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from None
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
    """Return the source, target, split and kind of a line.

    Raises:
        ValueError: If the line is broken.
    """
    try:
        pair = parse_json(line)
        source, target, split = pair["source"], pair["target"], pair.get("split")
    except (ValueError, TypeError, KeyError, AttributeError):
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
    """Return the kind of a source or a target, or None if it is invalid."""
    if isinstance(sequence, str) and sequence:
        return "a string"
    if isinstance(sequence, list) and sequence:
        if all(type(symbol) is int and 0 <= symbol < 1 << 20 for symbol in sequence):
            return "a list of ids"
        if all(isinstance(symbol, str) and symbol for symbol in sequence):
            return "a list of words"
    return None
