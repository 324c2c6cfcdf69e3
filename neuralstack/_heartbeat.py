"""Regular status lines from long work, for users without a terminal."""

import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

INTERVAL = "NEURALSTACK_PROGRESS_SECONDS"  # the environment variable that sets the time between two lines
SECONDS = 30.0  # between two lines, unless it is set


def say(line: str) -> None:
    """Print a line on standard error, if it is open."""
    with suppress(OSError, ValueError, AttributeError):
        print(line, file=sys.stderr, flush=True)


@contextmanager
def heartbeat(line: Callable[[float], str], report: Callable[[str], None] = say) -> Iterator[None]:
    """Report at regular intervals how far the work in the block is.

    Args:
        line: Function from the seconds since the start to the line. It is called from another thread, as is `report`.
        report: Called with each line. Defaults to printing it on standard error.

    Raises:
        ValueError: If the environment variable that sets the interval is not a number of seconds.
    """
    interval, started, ended = seconds_between_lines(), time.perf_counter(), threading.Event()

    def beat() -> None:
        while not ended.wait(interval):
            report(line(time.perf_counter() - started))

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def seconds_between_lines() -> float:
    """Return the time between two lines: 30 seconds, or what the environment says.

    Raises:
        ValueError: If that is not a number of seconds.
    """
    given = os.environ.get(INTERVAL, str(SECONDS))
    try:
        seconds = float(given)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= threading.TIMEOUT_MAX:
        raise ValueError(
            f"{INTERVAL} must be a number of seconds, more than 0, got {given!r}: set another, or unset it."
        )
    return seconds


def duration(seconds: float) -> str:
    """Return a time in words.

    Examples:
        >>> duration(75), duration(600), duration(9000)
        ('75 s', '10 min', '2.5 h')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
