"""The progress of training, on the terminal or in a notebook."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuralstack._heartbeat import heartbeat, say
from neuralstack.training._measure import training_means
from neuralstack.training._members import Member
from neuralstack.training._stopping import Record

if TYPE_CHECKING:
    from rich.progress import Progress

    from neuralstack.training._notebook_bar import NotebookBar

Report = Callable[[Path, Record], None]
"""A function that takes the directory of a run and a record of its progress."""


class TrainingProgress:
    """The progress of training: the loss, accuracy and speed; for several runs, their means.

    Args:
        members: The runs.
        progress: The bar that shows it, if any.
        report: Called with the progress of each run, if given.
        enabled: Whether the progress is shown.
        processes: The number of processes that train at once.
    """

    def __init__(
        self,
        members: Sequence[Member],
        progress: "Progress | NotebookBar | None",
        report: Report | None,
        *,
        enabled: bool = True,
        processes: int = 1,
    ):
        self._members = members
        self._processes = processes
        self._progress = progress
        self._report = report
        self._enabled = enabled
        self._start = self._done = self._steps_taken()
        self._means = self._shown = "compiling"
        machine = members[0].config.machine
        together = f", {len(members)} runs" if len(members) > 1 else ""
        self._total = sum(member.config.max_steps for member in members)
        self._name = f"{machine.memory} + {machine.controller}{together}"
        if progress is not None:
            self._task: Any = progress.add_task(self._name, total=self._total, completed=self._start, shown=self._means)

    def line(self, seconds: float) -> str:
        """Return a line on how far training is."""
        return f"neuralstack: {self._name}: {self._done} of {self._total} steps, {self._shown} ({seconds:.0f} s)"

    def advance(self) -> None:
        """Record the progress after a chunk of steps, before an evaluation resets the means."""
        if not self._enabled:
            return
        count = sum(int(member.state.num_accumulated) for member in self._members)
        if count:
            loss, accuracy = (
                sum(float(getattr(member.state, name)) for member in self._members) / count
                for name in ("loss", "accuracy")
            )
            self._means = f"loss {loss:.4f}  accuracy {accuracy:.3f}"
        self._done = self._steps_taken()
        seconds = sum(member.seconds for member in self._members) / self._processes
        speed = (self._done - self._start) * self._members[0].config.batch_size / max(seconds, 1e-9)
        shown = f"{self._means}  {speed:.0f} seq/s"
        if len(self._members) > 1:
            shown += f"  {sum(bool(member.ended) for member in self._members)} ended"
        self._show(shown)

    def evaluating(self) -> None:
        """Show that machines are being evaluated, which can take longer than a chunk of steps."""
        self._show(f"{self._means}  evaluating")

    def report(self, member: Member, evaluation: Record | None) -> None:
        """Pass on an evaluation of a run or, between evaluations, its current means, if a report was requested."""
        if self._report is not None:
            self._report(member.run.path, evaluation or {**training_means(member.state), "seconds": member.seconds})

    def restart(self, member: Member) -> None:
        """Report that a run restarts."""
        if not self._enabled:
            return
        whose = f" of seed {member.config.seed}" if len(self._members) > 1 else ""
        line = (
            f"restart {int(member.state.attempt)}{whose} at step {int(member.state.step)}: "
            "the machine did not learn to use its memory"
        )
        say(line) if self._progress is None else self._progress.console.print(line)

    def _show(self, shown: str) -> None:
        self._shown = shown
        if self._progress is not None:
            self._progress.update(self._task, completed=self._done, shown=shown)

    def _steps_taken(self) -> int:
        return sum(int(member.state.step) for member in self._members)


@contextmanager
def show_progress(
    members: Sequence[Member], *, enabled: bool, report: Report | None = None, processes: int = 1
) -> Iterator[TrainingProgress]:
    """Show the progress of training: as a bar on a terminal or in a notebook; elsewhere, as a line every 30 seconds.

    Without rich there is no bar.
    """
    progress = bar_of_training() if enabled and find_spec("rich") is not None else None
    if progress is not None:
        with progress:
            yield TrainingProgress(members, progress, report, processes=processes)
    elif enabled:
        shown = TrainingProgress(members, None, report, processes=processes)
        with heartbeat(shown.line):
            yield shown
    else:
        yield TrainingProgress(members, None, report, enabled=False)


def bar_of_training() -> "Progress | NotebookBar | None":
    """Return a progress bar, or None if standard error is neither a terminal nor a notebook."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.table import Column

    console = Console(stderr=True)
    if console.is_jupyter:
        from neuralstack.training._notebook_bar import NotebookBar

        return NotebookBar(console)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=10),
        MofNCompleteColumn(),
        TextColumn("{task.fields[shown]}", table_column=Column(no_wrap=True)),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console) if console.is_terminal else None
