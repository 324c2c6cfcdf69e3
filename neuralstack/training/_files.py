"""Files of a run: written whole or not at all, and never through a link."""

import fcntl
import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PARTIAL = ".partial"  # the end of the name of a file that is being written


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file, whole or not at all: a kill at any moment leaves the old content or the new one.

    The content goes to a fresh file first, which is opened exclusively: a link in its place is replaced, not followed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + PARTIAL)
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def append_line(path: Path, line: str) -> None:
    """Add a line to a file, which must not be a link."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o666)
    with os.fdopen(descriptor, "a") as file:
        file.write(line + "\n")


def to_json_text(value: Any, **options: Any) -> str:
    """Return a value as valid JSON, in which a number that is not finite is null.

    Examples:
        >>> to_json_text({"loss": float("nan"), "steps": (1, 2)})
        '{"loss": null, "steps": [1, 2]}'
    """
    return json.dumps(finite_or_none(value), allow_nan=False, **options)


def finite_or_none(value: Any) -> Any:
    """Return plain data with None in place of every number that is not finite."""
    if isinstance(value, dict):
        return {key: finite_or_none(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite_or_none(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def parse_json(text: str | bytes) -> Any:
    """Parse JSON.

    Raises:
        ValueError: If it is broken, or nested too deeply to be read.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a directory for this process alone; the lock ends with the process, however it ends.

    Raises:
        ValueError: If another process holds it.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(
                f"the run in {str(path)!r} is being trained by another process: wait for it, or stop it."
            ) from None
        yield
    finally:
        os.close(descriptor)
