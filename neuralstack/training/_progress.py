"""What a training shows on the terminal."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from neuralstack.training._members import Member

if TYPE_CHECKING:
    from rich.progress import Progress


class TrainingProgress:
    """A bar with the loss, the accuracy, the speed and the time left at most; of several runs, their means."""

    def __init__(self, members: Sequence[Member], progress: "Progress | None"):
        self._members = members
        self._progress = progress
        self._start = self._taken()
        config = members[0].config
        together = f", {len(members)} runs" if len(members) > 1 else ""
        total = sum(member.config.steps for member in members)
        name = f"{config.memory} + {config.controller}{together}"
        if progress is not None:
            self._task = progress.add_task(name, total=total, completed=self._start, shown="")

    def advance(self) -> None:
        """Show the runs after a chunk of steps."""
        if self._progress is None:
            return
        taken, num_accumulated = (
            self._taken(),
            max(sum(int(member.state.num_accumulated) for member in self._members), 1),
        )
        batch, seconds = self._members[0].config.batch, sum(member.seconds for member in self._members)
        loss, accuracy = (
            sum(float(getattr(member.state, part)) for member in self._members) / num_accumulated
            for part in ("loss", "accuracy")
        )
        speed = (taken - self._start) * batch / max(seconds, 1e-9)
        shown = f"loss {loss:.4f}  accuracy {accuracy:.3f}  {speed:.0f} seq/s"
        if len(self._members) > 1:
            shown += f"  {sum(bool(member.ended) for member in self._members)} ended"
        self._progress.update(self._task, completed=taken, shown=shown)

    def restart(self, member: Member) -> None:
        """Report that a run starts again."""
        if self._progress is None:
            return
        whose = f" of seed {member.config.seed}" if len(self._members) > 1 else ""
        self._progress.console.print(
            f"restart {int(member.state.attempt)}{whose} at step {int(member.state.step)}: "
            "the machine did not take to its memory"
        )

    def _taken(self) -> int:
        return sum(int(member.state.step) for member in self._members)


@contextmanager
def show_progress(members: Sequence[Member], *, enabled: bool) -> Iterator[TrainingProgress]:
    """Show a progress bar while runs are trained; off a terminal, restarts only; without rich, nothing."""
    if not enabled or find_spec("rich") is None:
        yield TrainingProgress(members, None)
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
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield TrainingProgress(members, progress)
