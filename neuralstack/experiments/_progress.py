"""Progress of long experiments as plain lines, with or without a terminal."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

from neuralstack._heartbeat import duration, heartbeat
from neuralstack.training import Run

Report = Callable[[str], None]
"""A function that shows a line to the user, such as `print`."""


def run_heartbeat(name: str, run: Run, report: Report) -> AbstractContextManager[None]:
    """Report at regular intervals how long a run has taken, and after how many batches it was last evaluated.

    Args:
        name: The name of the run, for the user.
        run: The run's directory.
        report: Called with each line, from another thread.
    """

    def line(passed: float) -> str:
        step = 0
        with suppress(OSError, ValueError):  # nothing has been evaluated yet
            step = max((record["step"] for record in run.metrics()), default=0)
        return f"{name}: {passed:.0f} s, evaluated after {step} batches"

    return heartbeat(line, report)


class SeedsDone:
    """The number of seeds that are done, and an estimate of the time left; threads may share it.

    Args:
        total: Number of seeds.
        to_train: Number of those that have no result yet.
        at_once: Number of seeds that are trained at the same time.
    """

    def __init__(self, total: int, to_train: int, at_once: int):
        self._total, self._to_train, self._at_once = total, to_train, at_once
        self._done, self._trained, self._seconds, self._lock = 0, 0, 0.0, threading.Lock()

    def finish(self, seconds: float | None) -> str:
        """Return how many seeds are done, this one included, and the time left.

        Args:
            seconds: The time that was spent on it, or None if its result was only read.

        Examples:
            >>> seeds = SeedsDone(total=4, to_train=3, at_once=2)
            >>> seeds.finish(None), seeds.finish(30.0)
            ('1 of 4 done', '2 of 4 done, about 30 s left')
        """
        with self._lock:
            self._done += 1
            if seconds is not None:
                self._trained, self._seconds = self._trained + 1, self._seconds + seconds
            done, waiting = f"{self._done} of {self._total} done", self._to_train - self._trained
            if not self._trained or waiting < 1:
                return done
            left = waiting * self._seconds / self._trained / min(self._at_once, waiting)
            return f"{done}, about {duration(left)} left"
