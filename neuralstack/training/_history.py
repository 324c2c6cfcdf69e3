"""The evaluations made during training, with a short printed form."""

from collections.abc import Sequence
from html import escape
from typing import Any

from neuralstack.training._stopping import Record, rank


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
        head = "".join(f"<th>{escape(' '.join(path))}</th>" for path in columns)
        cells = zip(*(self.column(*path) for path in columns), strict=True)
        body = "".join("<tr>" + "".join(f"<td>{_shown(cell)}</td>" for cell in row) + "</tr>" for row in cells)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _shown(cell: Any) -> str:
    return f"{cell:.4g}" if isinstance(cell, float) else escape(str(cell))
