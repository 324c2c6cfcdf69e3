"""Tables with one row for each variant, for the terminal and for the documentation."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from neuralstack.experiments._experiment import Measured, Result
from neuralstack.reporting import Table


class Column(NamedTuple):
    """A column of a table of variants."""

    heading: str
    cell: Callable[[Measured], str]
    """A function from a variant's result to the text of its cell."""


def variants_table(
    title: str,
    variants: Iterable[Measured],
    columns: Sequence[Column],
    published: Sequence[Sequence[str]] = (),
    num_text_columns: int = 1,
) -> Table:
    """Return a table with a row for each variant, and the published rows below.

    Examples:
        >>> columns = LABEL, Column("seeds", number("seeds", "d"))
        >>> print(variants_table("Trained", [{"label": "GRU", "seeds": 3}], columns, published=[("LSTM", "6")]))
        Trained
        <BLANKLINE>
        machine  seeds
        -------  -----
        GRU          3
        LSTM         6
    """
    rows = [tuple(column.cell(variant) for column in columns) for variant in variants]
    return Table(title, [column.heading for column in columns], [*rows, *published], num_text_columns)


def number(key: str, spec: str) -> Callable[[Measured], str]:
    """Return a cell that shows one entry of a variant's result in this format."""
    return lambda variant: format(variant[key], spec)


def best(which: str, metric: str) -> Callable[[Measured], str]:
    """Return a cell that shows a metric of the best seed on a fixed set, `train` or `test`."""
    return lambda variant: f"{variant['best'][which][metric]:.3f}"


LABEL = Column("machine", lambda variant: variant["label"])
THIS_RUN = Column("source", lambda variant: "this run")
SOLVED = Column("solved", lambda variant: f"{variant['solved']} of {variant['seeds']}")
INTERVAL = Column("95% interval", lambda variant: "{:.3f}-{:.3f}".format(*variant["interval"]))


def settings_table(result: Result) -> Table | None:
    """Return the table of the settings in which the machines differ, or None if they do not, or are in groups."""
    variants = list(result["variants"].values())
    rows = [(variant["label"], *map(written, variant["settings"].values())) for variant in variants]
    if any(variant["group"] for variant in variants) or len({row[1:] for row in rows}) < 2:
        return None
    columns = ("machine", *variants[0]["settings"])
    return Table("Settings in which the machines differ", columns, rows, num_text_columns=2)


def written(value: Any) -> str:
    """Return the text of an option's value.

    Examples:
        >>> written([8, 16]), written([]), written(0.01)
        ('8, 16', 'none', '0.01')
    """
    return (", ".join(map(str, value)) or "none") if isinstance(value, list | tuple) else str(value)
