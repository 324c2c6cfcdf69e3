"""The result of the benchmark: a row for each trained or measured model, and tables beside the published scores."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

import numpy as np

from neuralstack._json import to_json_text
from neuralstack.experiments._suites import SUITES
from neuralstack.reporting import Table


class BenchmarkRow(NamedTuple):
    """A model's score on one task."""

    suite: str
    task: str
    model: str
    """The name of the model."""
    seed: int
    score: float
    """The suite's score in percent; NaN if training failed."""
    whole: float
    """Fraction of the test sequences whose whole answer is correct."""
    fine: float
    """Mean fraction of an answer before its first error."""
    token: float
    """Mean fraction of an answer's tokens that are correct."""
    loss: float
    """Cross-entropy of the answers, in nats."""
    steps: int
    """Number of batches trained on; 0 for a model that was measured as it is."""
    seconds: float
    """Time of training, with compilation and validation."""
    failure: str = ""
    """The reason why training failed, or an empty string."""

    def to_json(self) -> str:
        """Return one JSON object, in which NaN is null."""
        return to_json_text(self._asdict())

    def line(self) -> str:
        """Return the outcome in a line."""
        if self.failure:
            return f"{self.task}, seed {self.seed}: {self.failure}"
        trained = f", {self.steps} steps, {self.seconds:.0f} s of training" if self.steps else ""
        return f"{self.task}, seed {self.seed}: score {self.score:.1f}, whole answers {self.whole:.3f}{trained}"


@dataclass(frozen=True, repr=False)
class BenchmarkResult:
    """The rows of a benchmark; printed, or shown by a notebook, they are a table beside the published scores.

    Examples:
        >>> from neuralstack import BenchmarkResult, BenchmarkRow
        >>> row = BenchmarkRow("dyck", "dyck-1", "LSTM", 0, 62.5, 0.625, 0.9, 0.95, 0.1, 300, 4.5)
        >>> result = BenchmarkResult((row,))
        >>> result
        BenchmarkResult(dyck: LSTM on 1 task, mean score 62.5)
        >>> print(result)
        Strings of 52-100 brackets (%) whose every next closing bracket is known
        <BLANKLINE>
          task    LSTM
          ------  ----
          dyck-1  62.5
        <BLANKLINE>
        Training
        <BLANKLINE>
          task    whole answers  steps  seconds
          ------  -------------  -----  -------
          dyck-1          0.625    300      4.5
    """

    rows: tuple[BenchmarkRow, ...]

    def by_task(self) -> dict[str, list[BenchmarkRow]]:
        """Return the rows of each task, one for each seed."""
        tasks: dict[str, list[BenchmarkRow]] = {}
        for row in self.rows:
            tasks.setdefault(row.task, []).append(row)
        return tasks

    def tables(self) -> list[Table]:
        """Return the scores beside the published ones, and how the models were trained; over seeds, the means."""
        if not self.rows:
            return []
        tasks = self.by_task()
        several = max(map(len, tasks.values())) > 1
        suite, ours = SUITES[self.rows[0].suite], SUITES[self.rows[0].suite].ours()
        shown_ours = [f"{ours[task]:.1f}" if task in ours else "" for task in tasks]
        spread = (f"{self.rows[0].model}\nmean", "\nmin", "\nmax") if several else (self.rows[0].model,)
        published = [
            (heading_of(machine), [cells[suite.tasks.index(task)] for task in tasks])
            for machine, cells in suite.published.items()
        ]
        others = [*([("ours", shown_ours)] if any(shown_ours) else []), *published]
        rows = [
            (task, *scores_of(rows, several=several), *(cells[number] for _, cells in others))
            for number, (task, rows) in enumerate(tasks.items())
        ]
        scores = Table(suite.title, ("task", *spread, *(heading for heading, _ in others)), rows)
        trainings = [(task, *means(rows)) for task, rows in tasks.items()]
        title = "Training" + (f" (means over {len(self.rows) // len(tasks)} seeds)" if several else "")
        return [scores, Table(title, ("task", "whole answers", "steps", "seconds"), trainings)]

    def to_json(self) -> str:
        """Return a JSON object for each row, one a line."""
        return "".join(f"{row.to_json()}\n" for row in self.rows)

    def text(self, width: int | None = None) -> str:
        """Return the tables as text, at most `width` characters wide where that is possible."""
        return "\n\n".join(table.text(width) for table in self.tables()) or repr(self)

    def __iter__(self) -> Iterator[BenchmarkRow]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        if not self.rows:
            return "BenchmarkResult(no rows)"
        count = len(self.by_task())
        mean = f"mean score {np.mean([row.score for row in self.rows]):.1f}"
        tasks = f"{count} task{'s' if count > 1 else ''}"
        return f"BenchmarkResult({self.rows[0].suite}: {self.rows[0].model} on {tasks}, {mean})"

    def _repr_html_(self) -> str:
        return "".join(table.html() for table in self.tables()) or escape(repr(self))


def heading_of(machine: str) -> str:
    r"""Return the heading of a machine's published scores.

    Examples:
        >>> heading_of("Stack-RNN"), heading_of("stack RNN, rounded")
        ('publ.\nStack-\nRNN', 'publ.\nstack RNN,\nrounded')
    """
    return "publ.\n" + machine.replace("-", "-\n").replace(", ", ",\n")


def scores_of(rows: list[BenchmarkRow], *, several: bool) -> list[str]:
    """Return the score of a task; of several seeds, the mean, the least and the largest."""
    scores = [row.score for row in rows]
    shown = (np.mean(scores), np.min(scores), np.max(scores)) if several else scores
    return ["failed" if np.isnan(score) else f"{score:.1f}" for score in shown]


def means(rows: list[BenchmarkRow]) -> tuple[str, str, str]:
    """Return the mean fraction of whole answers, steps and seconds, as cells."""
    whole, steps, seconds = (np.mean([getattr(row, name) for row in rows]) for name in ("whole", "steps", "seconds"))
    return f"{whole:.3f}", f"{steps:.0f}", f"{seconds:.1f}"
