"""What a training shows on the terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column

from neuralstack.training._config import Config
from neuralstack.training._step import TrainState


class TrainingProgress:
    """A bar with the loss, the accuracy, the speed and the time left at most."""

    def __init__(self, config: Config, state: TrainState, progress: Progress):
        self._progress = progress
        self._batch = config.batch
        self._start = int(state.step)
        self._task = progress.add_task(
            f"{config.memory} + {config.controller}", total=config.steps, completed=self._start, shown=""
        )

    def advance(self, state: TrainState, seconds: float) -> None:
        """Show the state after a chunk of steps, and `seconds` of training."""
        step, counted = int(state.step), max(int(state.counted), 1)
        speed = (step - self._start) * self._batch / max(seconds, 1e-9)
        shown = (
            f"loss {float(state.loss) / counted:.4f}  accuracy {float(state.accuracy) / counted:.3f}  {speed:.0f} seq/s"
        )
        self._progress.update(self._task, completed=step, shown=shown)

    def restart(self, state: TrainState) -> None:
        """Say that training starts anew."""
        self._progress.console.print(
            f"restart {int(state.attempt)} at step {int(state.step)}: the machine did not take to its memory"
        )


@contextmanager
def show_progress(config: Config, state: TrainState, *, enabled: bool) -> Iterator[TrainingProgress]:
    """Show a progress bar while a training runs; off a terminal, nothing but restarts."""
    console = Console(stderr=True, quiet=not enabled)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=10),
        MofNCompleteColumn(),
        TextColumn("{task.fields[shown]}", table_column=Column(no_wrap=True)),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not (enabled and console.is_terminal)) as progress:
        yield TrainingProgress(config, state, progress)
