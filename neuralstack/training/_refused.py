"""Runs that are refused before their first step: they leave nothing behind that would be in the way of the next one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from neuralstack._files import PARTIAL

FIRST_FILES = {"config.json", "metrics.jsonl", "task.json", "text.json", "checkpoint.safetensors", "sweep.json"}


@contextmanager
def removed_if_refused(paths: Sequence[str | Path]) -> Iterator[None]:
    """Remove the directories of new runs if an error keeps them from beginning; those that exist already stay.

    An interrupt is no such error: these runs can be resumed.
    """
    fresh = [Path(path) for path in paths if not Path(path).is_dir() or not any(Path(path).iterdir())]
    try:
        yield
    except Exception:
        for path in fresh:
            remove_first_files(path)
        raise


def remove_first_files(path: Path) -> None:
    """Remove a directory with the files that a run or a sweep has before its first step; others keep it there."""
    if path.is_dir():
        for file in path.iterdir():
            if file.name.removesuffix(PARTIAL) in FIRST_FILES:
                file.unlink(missing_ok=True)
        with suppress(OSError):  # it holds something else
            path.rmdir()
