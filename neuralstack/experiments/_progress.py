"""Progress of long experiments as plain lines, with or without a terminal."""

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

from neuralstack._heartbeat import heartbeat
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
