"""The progress of a sweep, read from the files of its cells: the same wherever they are trained."""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from neuralstack._heartbeat import duration
from neuralstack._json import parse_json
from neuralstack._metrics_file import rank
from neuralstack.training._config import Config
from neuralstack.training.sweeps._cell import Answer
from neuralstack.training.sweeps._lock import WORKERS, lock_file, record_of

LAST_BYTES = 1 << 14  # of a metrics file, in which its last line is


class Running(NamedTuple):
    """A cell that is being trained."""

    name: str
    step: int
    max_steps: int
    validation: dict[str, float]
    where: str


class Progress(NamedTuple):
    """The progress of all cells."""

    total: int
    done: int
    failed: int
    waiting: dict[str, str]
    """The cells that another process trains, and which."""
    running: list[Running]
    seconds_left: float | None

    def line(self) -> str:
        """Return the progress as a line.

        Examples:
            >>> Progress(40, 12, 1, {"seed-3": "held by process 7 on host"}, [], 90.0).line()
            '12 of 40 done, 0 running, 1 failed, 1 waiting (seed-3 held by process 7 on host), about 90 s left'
        """
        parts = [f"{self.done} of {self.total} done", f"{len(self.running)} running"]
        if self.failed:
            parts.append(f"{self.failed} failed")
        if self.waiting:
            name, holder = next(iter(self.waiting.items()))
            parts.append(f"{len(self.waiting)} waiting ({name} {holder})")
        if self.seconds_left is not None:
            parts.append(f"about {duration(self.seconds_left)} left")
        return ", ".join(parts)


class Watch:
    """The files of a sweep's cells, and how much of the work was done when it began to be watched.

    Args:
        path: The sweep's directory.
        cells: The complete configurations by name.
    """

    def __init__(self, path: Path, cells: Mapping[str, Config]):
        self._path, self._cells = path, cells
        self._names = {lock_file(path, name).name: name for name in cells}
        self._started, self._before = time.monotonic(), None

    def progress(self, answers: Mapping[str, Answer], waiting: Mapping[str, str]) -> Progress:
        """Return the progress, of cells that have ended and of others."""
        running = [self._running(name) for name in self._in_use() if name not in answers]
        failed = sum(answer["status"] == "failed" for answer in answers.values())
        left = self._seconds_left(len(answers), running)
        return Progress(len(self._cells), len(answers) - failed, failed, dict(waiting), running, left)

    def _in_use(self) -> list[str]:
        """Return the names of the cells whose locks say that a process trains them."""
        try:
            with os.scandir(self._path / WORKERS) as files:
                used = [self._names.get(file.name) for file in files if file.stat().st_size]
        except OSError:
            return []
        return sorted(name for name in used if name is not None)

    def _running(self, name: str) -> Running:
        record, evaluated = record_of(self._path, name), last_evaluation(self._path / name / "metrics.jsonl")
        step = max(int(record.get("step", 0)), int(evaluated.get("step", 0)))
        where = f"{record.get('host', '')}:{record.get('pid', '')}"
        return Running(name, step, self._cells[name].max_steps, evaluated.get("validation", {}), where)

    def _seconds_left(self, ended: int, running: list[Running]) -> float | None:
        """Estimate the time left from how much was done since the beginning; None if that says nothing yet."""
        done = ended + sum(min(1.0, cell.step / cell.max_steps) for cell in running)
        if self._before is None:
            self._before = done
        gained, passed = done - self._before, time.monotonic() - self._started
        return (len(self._cells) - done) * passed / gained if gained > 0 and passed > 1 else None


def last_evaluation(file: Path) -> dict[str, Any]:
    """Return the last whole line of a metrics file; nothing if there is none."""
    try:
        with open(file, "rb") as metrics:
            metrics.seek(max(0, os.fstat(metrics.fileno()).st_size - LAST_BYTES))
            lines = metrics.read().splitlines()
    except OSError:
        return {}
    for line in reversed(lines):
        try:
            record = parse_json(line)
            rank(record)
        except (ValueError, TypeError, KeyError):
            continue
        return record
    return {}
