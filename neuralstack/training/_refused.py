"""Runs that fail before their first step: nothing of them is left that would block the next run."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from neuralstack._files import PARTIAL

FIRST_FILES = {
    "config.json",
    "metrics.jsonl",
    "task.json",
    "text.json",
    "files.json",
    "checkpoint.safetensors",
    "sweep.json",
    "devices.json",
}


@contextmanager
def removed_if_refused(paths: Sequence[str | Path]) -> Iterator[None]:
    """Remove the directories of new runs if an error prevents them from starting; existing runs stay.

    An interrupt does not count as an error: the runs can be resumed.
    """
    fresh = [Path(path) for path in paths if not Path(path).is_dir() or not any(Path(path).iterdir())]
    try:
        yield
    except Exception:
        for path in fresh:
            remove_first_files(path)
        raise


def remove_first_files(path: Path) -> None:
    """Remove the files that a run or a sweep has before its first step, and the directory if it holds no others."""
    if path.is_dir():
        for file in path.iterdir():
            if file.name.removesuffix(PARTIAL) in FIRST_FILES:
                file.unlink(missing_ok=True)
        with suppress(OSError):  # it holds something else
            path.rmdir()
