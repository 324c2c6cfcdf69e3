"""Progress of long experiments as plain lines, with or without a terminal."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from neuralstack.training import Run

Report = Callable[[str], None]
"""A function that shows a line to the user, such as `print`."""
SECONDS = 30.0


@contextmanager
def heartbeat(name: str, run: Run, report: Report, seconds: float = SECONDS) -> Iterator[None]:
    """Report at regular intervals how long a run has taken, and after how many batches it was last evaluated.

    Args:
        name: The name of the run, for the user.
        run: The run's directory.
        report: Called with each line, from another thread.
        seconds: The time between two lines.
    """
    started, ended = time.perf_counter(), threading.Event()

    def beat() -> None:
        while not ended.wait(seconds):
            step = 0
            with suppress(OSError, ValueError):  # nothing has been evaluated yet
                step = max((record["step"] for record in run.metrics()), default=0)
            report(f"{name}: {time.perf_counter() - started:.0f} s, evaluated after {step} batches")

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
