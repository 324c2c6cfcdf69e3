"""The progress of training, on the terminal or in a notebook."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from neuralstack.training._measure import training_means
from neuralstack.training._members import Member
from neuralstack.training._stopping import Record

if TYPE_CHECKING:
    from rich.progress import Progress

Report = Callable[[Path, Record], None]
"""Takes the directory of a run and how far it is."""


class TrainingProgress:
    """A progress bar with the loss, accuracy, speed and maximum time left; for several runs, their means."""

    def __init__(self, members: Sequence[Member], progress: "Progress | None", report: Report | None):
        self._members = members
        self._progress = progress
        self._report = report
        self._start = self._steps_taken()
        self._means = "compiling"
        machine = members[0].config.machine
        together = f", {len(members)} runs" if len(members) > 1 else ""
        total = sum(member.config.max_steps for member in members)
        name = f"{machine.memory} + {machine.controller}{together}"
        if progress is not None:
            self._task = progress.add_task(name, total=total, completed=self._start, shown=self._means)

    def advance(self) -> None:
        """Update the bar after a chunk of steps, before an evaluation resets the means."""
        if self._progress is None:
            return
        count = sum(int(member.state.num_accumulated) for member in self._members)
        if count:
            loss, accuracy = (
                sum(float(getattr(member.state, name)) for member in self._members) / count
                for name in ("loss", "accuracy")
            )
            self._means = f"loss {loss:.4f}  accuracy {accuracy:.3f}"
        steps_taken, seconds = self._steps_taken(), sum(member.seconds for member in self._members)
        speed = (steps_taken - self._start) * self._members[0].config.batch_size / max(seconds, 1e-9)
        shown = f"{self._means}  {speed:.0f} seq/s"
        if len(self._members) > 1:
            shown += f"  {sum(bool(member.ended) for member in self._members)} ended"
        self._progress.update(self._task, completed=steps_taken, shown=shown)

    def evaluating(self) -> None:
        """Show that machines are being evaluated, which can take longer than a chunk of steps."""
        if self._progress is not None:
            self._progress.update(self._task, shown=f"{self._means}  evaluating")

    def report(self, member: Member, evaluation: Record | None) -> None:
        """Pass on an evaluation of a run or, between evaluations, its means so far, to whoever asked for them."""
        if self._report is not None:
            self._report(member.run.path, evaluation or {**training_means(member.state), "seconds": member.seconds})

    def restart(self, member: Member) -> None:
        """Report that a run restarts."""
        if self._progress is None:
            return
        whose = f" of seed {member.config.seed}" if len(self._members) > 1 else ""
        self._progress.console.print(
            f"restart {int(member.state.attempt)}{whose} at step {int(member.state.step)}: "
            "the machine did not learn to use its memory"
        )

    def _steps_taken(self) -> int:
        return sum(int(member.state.step) for member in self._members)


@contextmanager
def show_progress(
    members: Sequence[Member], *, enabled: bool, report: Report | None = None
) -> Iterator[TrainingProgress]:
    """Show a progress bar during training, on a terminal or in a notebook.

    Elsewhere, only restarts are reported; without rich, nothing is.
    """
    if not enabled or find_spec("rich") is None:
        yield TrainingProgress(members, None, report)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.table import Column

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=10),
        MofNCompleteColumn(),
        TextColumn("{task.fields[shown]}", table_column=Column(no_wrap=True)),
        TimeRemainingColumn(),
    )
    visible = console.is_terminal or console.is_jupyter
    with Progress(*columns, console=console, disable=not visible) as progress:
        yield TrainingProgress(members, progress, report)
