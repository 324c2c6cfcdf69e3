"""The progress of the benchmark: as a bar on a terminal or in a notebook; elsewhere, as a line every 30 seconds."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from neuralstack._heartbeat import heartbeat, say
from neuralstack.experiments._benchmark_result import BenchmarkRow
from neuralstack.training import bar_of_training


class BenchmarkProgress:
    """The progress of the benchmark: the model's task and seed, its training and its evaluation.

    Args:
        count: Number of models.
        max_steps: The most steps that each is trained for.
        bar: The bar that shows it (`rich.progress.Progress`), or None.
        enabled: Whether finished models are reported.
    """

    def __init__(self, count: int, max_steps: int, bar: Any, *, enabled: bool):
        self._count, self._max_steps, self._bar, self._enabled = count, max_steps, bar, enabled
        self._finished, self._step, self._name, self._shown = 0, 0, "", "compiling"
        if bar is not None:
            self._task = bar.add_task("", total=count * max_steps, shown=self._shown)

    def line(self, seconds: float) -> str:
        """Return a line on how far it is."""
        return f"neuralstack: {self._name}: {self._step} of {self._max_steps} steps, {self._shown} ({seconds:.0f} s)"

    def start(self, task: str, seed: int) -> None:
        """Begin with a task and a seed."""
        self._name = f"{task}, seed {seed} ({self._finished + 1} of {self._count})"
        self._show("compiling", 0)

    def trained(self, record: dict[str, Any]) -> None:
        """Show an evaluation made during training."""
        self._show(f"loss {record['loss']:.4f}  accuracy {record['validation']['coarse']:.3f}", record["step"])

    def evaluated(self, count: int, total: int) -> None:
        """Show how many test sequences are answered."""
        self._show(f"{count} of {total} answered", self._max_steps)

    def finish(self, row: BenchmarkRow) -> None:
        """Report the outcome of a model."""
        self._finished += 1
        self._show("", 0)
        if self._bar is not None:
            self._bar.console.print(row.line(), markup=False, highlight=False)
        elif self._enabled:
            say(f"neuralstack: {row.line()}")

    def _show(self, shown: str, step: int) -> None:
        self._shown, self._step = shown, step
        if self._bar is not None:
            done = self._finished * self._max_steps + step
            self._bar.update(self._task, description=self._name, completed=done, shown=shown)


@contextmanager
def show_benchmark(count: int, max_steps: int, *, enabled: bool) -> Iterator[BenchmarkProgress]:
    """Show the progress of the benchmark; finished models are reported on lines of their own."""
    bar = bar_of_training() if enabled and find_spec("rich") is not None else None
    shown = BenchmarkProgress(count, max_steps, bar, enabled=enabled)
    if bar is not None:
        with bar:
            yield shown
    elif enabled:
        with heartbeat(shown.line):
            yield shown
    else:
        yield shown
