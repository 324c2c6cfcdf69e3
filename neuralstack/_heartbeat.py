"""Regular status lines from long work, for users without a terminal."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

SECONDS = 30.0  # between two lines


def say(line: str) -> None:
    """Print a line on standard error, if it is open."""
    with suppress(OSError, ValueError, AttributeError):
        print(line, file=sys.stderr, flush=True)


@contextmanager
def heartbeat(
    line: Callable[[float], str], report: Callable[[str], None] = say, *, seconds: float | None = None
) -> Iterator[None]:
    """Report at regular intervals how far the work in the block is.

    Args:
        line: Function from the seconds since the start to the line. It is called from another thread, as is `report`.
        report: Called with each line. Defaults to printing it on standard error.
        seconds: The time between two lines. Defaults to 30.

    Examples:
        >>> lines = []
        >>> with heartbeat(lambda seconds: "still at work", lines.append, seconds=0.001):
        ...     while not lines:
        ...         pass
        >>> lines[0]
        'still at work'
    """
    started, ended = time.perf_counter(), threading.Event()

    def beat() -> None:
        while not ended.wait(SECONDS if seconds is None else seconds):
            report(line(time.perf_counter() - started))

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
