"""The evaluations made during training, with a short printed form."""

from collections.abc import Sequence
from html import escape
from typing import Any

from neuralstack._html import html_table
from neuralstack.training._stopping import Record, rank

MOST_ROWS = 20  # of the table for notebooks


class History(Sequence[Record]):
    """The evaluations made during training, in order, as one record each.

    Examples:
        >>> history = History([{"step": 50, "loss": 1.5, "validation": {"coarse": 0.25, "fine": 0.5}}])
        >>> history
        History(1 evaluations to step 50; best validation: coarse 0.250, fine 0.500)
        >>> history.column("loss"), history.column("validation", "coarse")
        ([1.5], [0.25])
    """

    def __init__(self, records: Sequence[Record] = ()):
        self._records = list(records)

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: Any) -> Any:
        return self._records[index]

    def column(self, *path: str) -> list[Any]:
        """Return one entry of every record, such as `"loss"`, or `"validation", "coarse"`."""
        rows: list[Any] = self._records
        for name in path:
            rows = [row[name] for row in rows]
        return rows

    @property
    def best(self) -> Record | None:
        """The record of the weights that were kept; None if there was no evaluation."""
        return max(self._records, key=rank, default=None)

    def __repr__(self) -> str:
        if self.best is None:
            return "History(no evaluations)"
        validation = ", ".join(f"{name} {value:.3f}" for name, value in self.best["validation"].items())
        return f"History({len(self)} evaluations to step {self._records[-1]['step']}; best validation: {validation})"

    def _repr_html_(self) -> str:
        """Return a table, for notebooks."""
        if not self._records:
            return escape(repr(self))
        sets = [name for name, value in self._records[0].items() if isinstance(value, dict)]
        columns = [("step",), ("loss",), *((name, measure) for name in sets for measure in self._records[0][name])]
        rows = [*zip(*(self.column(*path) for path in columns), strict=True)]
        caption, count = "", len(rows)
        if count > MOST_ROWS:
            rows = [rows[number * (count - 1) // (MOST_ROWS - 1)] for number in range(MOST_ROWS)]
            caption = f"{MOST_ROWS} of {count} evaluations"
        return html_table([" ".join(path) for path in columns], rows, caption)
