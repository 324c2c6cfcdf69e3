"""The accuracies on a set, overall and by length."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from neuralstack._html import html_table
from neuralstack.evaluation._metrics import Score


class Report(NamedTuple):
    """Mean accuracies over the sequences of a set, overall and for each length of the source.

    If all lengths have the same number of sequences, the mean over the sequences is also the mean over the lengths.
    """

    coarse: float
    """Fraction of the sequences whose whole answer is correct."""
    fine: float
    """Mean fraction of an answer before its first error."""
    token: float
    """Mean fraction of an answer's tokens that are correct."""
    loss: float
    """Cross-entropy of the answers, in nats."""
    by_length: dict[int, dict[str, int | float]]
    """The same by the length of the source, with the number of `sequences`."""

    def __repr__(self) -> str:
        metrics = ", ".join(f"{name} {getattr(self, name):.3f}" for name in (*Score._fields, "loss"))
        count = sum(row["sequences"] for row in self.by_length.values())
        return f"Report({metrics}; {count} sequences, lengths {min(self.by_length)}-{max(self.by_length)})"

    def _repr_html_(self) -> str:
        """Return a table by bands of lengths, for notebooks."""
        count = sum(row["sequences"] for row in self.by_length.values())
        total = {"sequences": count, **{name: getattr(self, name) for name in Score._fields}}
        columns = ("sequences", *Score._fields)
        bands = (*length_bands(self.by_length), ("all", total))
        return html_table(("length", *columns), [(name, *(row[column] for column in columns)) for name, row in bands])


def length_bands(
    by_length: dict[int, dict[str, int | float]], bands: int = 8
) -> Iterable[tuple[str, dict[str, int | float]]]:
    """Group a report by length into at most `bands` rows of neighboring lengths, for a readable table.

    Each row has the mean `length` of its sequences.
    """
    lengths = sorted(by_length)
    for band in np.array_split(lengths, min(bands, len(lengths))):
        weights = [by_length[length]["sequences"] for length in band]
        means = {
            name: float(np.average([by_length[length][name] for length in band], weights=weights))
            for name in Score._fields
        }
        name = str(band[0]) if len(band) == 1 else f"{band[0]}-{band[-1]}"
        yield name, {"length": float(np.average(band, weights=weights)), "sequences": sum(weights), **means}
