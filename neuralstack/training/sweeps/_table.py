"""The live table of a sweep on a terminal; elsewhere, a line at regular intervals."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from neuralstack._heartbeat import say, seconds_between_lines
from neuralstack.training.sweeps._cell import Answer
from neuralstack.training.sweeps._watch import Progress, Watch

BETWEEN_UPDATES = 1.0  # seconds
SHARE = 20  # at most one part in so many of the time is spent on reading files
MOST_ROWS = 12  # cells that are shown


class Display:
    """The progress of a sweep, shown from time to time.

    Args:
        watch: The files of its cells.
        live: The display on the terminal, if there is one.
        enabled: Whether anything is shown.
    """

    def __init__(self, watch: Watch, live: Any = None, *, enabled: bool = True):
        self._watch, self._live, self._enabled = watch, live, enabled
        self._interval = BETWEEN_UPDATES if live is not None else seconds_between_lines()
        self._started = time.monotonic()
        self._due = self._started + (0 if live is not None else self._interval)
        self._failed: set[str] = set()

    def update(self, answers: Mapping[str, Answer], waiting: Mapping[str, str]) -> None:
        """Show the progress, if it is time; a cell that has failed is reported at once."""
        if not self._enabled:
            return
        for name in answers.keys() - self._failed if len(answers) else ():
            if answers[name]["status"] == "failed":
                self._say(f"{name} failed: {answers[name]['message']}")
                self._failed.add(name)
        if time.monotonic() < self._due:
            return
        began = time.monotonic()
        progress = self._watch.progress(answers, waiting)
        if self._live is None:
            self._say(f"{progress.line()} ({began - self._started:.0f} s)")
        else:
            self._live.update(table_of(progress), refresh=True)
        self._due = time.monotonic() + max(self._interval, SHARE * (time.monotonic() - began))

    def _say(self, line: str) -> None:
        say(f"neuralstack: {line}") if self._live is None else self._live.console.print(line, markup=False)


@contextmanager
def displayed(watch: Watch, *, enabled: bool) -> Iterator[Display]:
    """Show the progress of a sweep on standard error: on a terminal as a table, elsewhere as lines."""
    if enabled and find_spec("rich") is not None:
        from rich.console import Console
        from rich.live import Live

        console = Console(stderr=True)
        if console.is_terminal:
            with Live(console=console, auto_refresh=False, transient=True) as live:
                yield Display(watch, live)
            return
    yield Display(watch, enabled=enabled)


def table_of(progress: Progress) -> Any:
    """Return the table of what is being trained, under a line on the whole."""
    from rich.table import Table

    table = Table("running", "step", "validation", "where", title=progress.line(), title_justify="left", box=None)
    for cell in progress.running[:MOST_ROWS]:
        metrics = ("coarse", "fine") if "coarse" in cell.validation else ("loss",)
        shown = "  ".join(f"{name} {cell.validation[name]:.3f}" for name in metrics if cell.validation.get(name))
        table.add_row(cell.name, f"{cell.step} of {cell.max_steps}", shown, cell.where)
    if len(progress.running) > MOST_ROWS:
        table.add_row(f"and {len(progress.running) - MOST_ROWS} more")
    return table
