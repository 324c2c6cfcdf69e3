"""The tables of the Chomsky-hierarchy benchmark, with a row for each task."""

from collections.abc import Callable, Sequence
from statistics import fmean, median
from typing import Any

from neuralstack.experiments._chomsky_machines import LABELS, OURS
from neuralstack.experiments._chomsky_published import LATER, best_published, later, published
from neuralstack.experiments._experiment import Measured, Result
from neuralstack.experiments._figures import by_group
from neuralstack.reporting import Table

GOOD = 99.0  # percent

Runs = list[Measured]
"""The results of the seeds of one machine on one task."""


def tables(result: Result) -> list[Table]:
    """Return the scores beside the published ones, the seeds of each machine of ours, and the time of all."""
    labels = list(dict.fromkeys(variant["label"] for variant in result["variants"].values()))
    ours = [label for label in OURS if label in labels]
    return [
        *([scores(result, ours)] if ours else []),
        networks(result, labels),
        others(result),
        *(seeds(result, label) for label in ours),
        hours(result, labels),
    ]


def scores(result: Result, labels: Sequence[str]) -> Table:
    """Return the scores of machines of this package, over their seeds, beside the best published ones."""
    columns = [(label, lambda runs: spread([run["score"] for run in runs]), label) for label in labels]
    title = "Mean token accuracy (%) at lengths 41-500: mean over seeds (min-max)"
    return table_of(result, title, columns, [("best\npubl.", best_published)])


def networks(result: Result, labels: Sequence[str]) -> Table:
    """Return the published scores of networks, beside the best seeds of the same networks here."""
    columns: list[Any] = []
    for label in LABELS.values():
        heading = label.replace("-", "-\n")
        if label in labels:
            columns.append((f"{heading}\nhere", lambda runs: f"{max(run['score'] for run in runs):.1f}", label))
        heading = "\npubl." if label in labels else f"{heading}\npubl."
        columns.append((heading, lambda task, label=label: published(task, label), None))
    return table_of(result, "The same of networks, best seed; ~: quoted from memory", columns)


def others(result: Result) -> Table:
    """Return the published scores of the Transformer, and later results."""
    columns = [
        ("Trans-\nformer", lambda task: published(task, "Transformer")),
        *((source, lambda task, source=source: later(source, task)) for source in LATER),
    ]
    return table_of(result, "Other published results (%)", [], columns)


def seeds(result: Result, label: str) -> Table:
    """Return the number of seeds of a machine that succeed, and their median time."""
    columns: list[tuple[str, Callable[[Runs], str], str]] = [
        (f"score\n>= {GOOD:.0f}", lambda runs: f"{sum(run['score'] >= GOOD for run in runs)} of {len(runs)}", label),
        ("all\nwhole", lambda runs: str(sum(run["whole"] == 1 for run in runs)), label),
        ("hard at\n500", lambda runs: answered([run["hard_500"] for run in runs]), label),
        ("\n5000", lambda runs: answered([run["hard_5000"] for run in runs]), label),
        ("median\ns", lambda runs: f"{median(run['seconds'] for run in runs):.0f}", label),
        ("\nbatches", lambda runs: f"{median(run['steps'] for run in runs):.0f}", label),
        ("re-\nstarts", lambda runs: str(sum(run["restarts"] for run in runs)), label),
    ]
    return table_of(result, f"{label}: number of seeds; hardened, also whole answers in % over all seeds", columns)


def hours(result: Result, labels: Sequence[str]) -> Table:
    """Return the training time of the machines."""
    rows, total_runs, total = [], 0, 0.0
    for label in labels:
        runs = [run for one in result["variants"].values() if one["label"] == label for run in one["runs"]]
        seconds = sum(run["seconds"] for run in runs)
        rows.append((label, len(runs), f"{seconds / 3600:.2f}"))
        total_runs, total = total_runs + len(runs), total + seconds
    return Table(
        "Training time of all seeds",
        ("machine", "seeds", "CPU hours"),
        [*rows, ("all", total_runs, f"{total / 3600:.2f}")],
    )


def table_of(
    result: Result,
    title: str,
    columns: Sequence[tuple[str, Callable[[Any], str], str | None]],
    of_tasks: Sequence[tuple[str, Callable[[str], str]]] = (),
) -> Table:
    """Return a table with a row for each task.

    Args:
        result: The result.
        title: The title.
        columns: The heading, cell and machine of each column. The cell is a function of the runs of the machine, or of
            the name of the task if there is no machine.
        of_tasks: The heading and cell of columns that follow, whose cells are functions of the name of the task.
    """
    all_columns = [*columns, *((heading, cell, None) for heading, cell in of_tasks)]

    def text(task: str, machines: dict[str, Any], cell: Callable[[Any], str], label: str | None) -> str:
        if label is None:
            return cell(task)
        return cell(machines[label]["runs"]) if label in machines else ""

    rows = [
        (task, *(text(task, machines, cell, label) for _, cell, label in all_columns))
        for task, machines in by_group(result).items()
    ]
    return Table(title, ("task", *(heading for heading, *_ in all_columns)), rows)


def spread(values: Sequence[float]) -> str:
    """Return the mean of numbers, the least and the largest.

    Examples:
        >>> spread([99.0, 100.0, 98.5]), spread([100.0, 100.0])
        ('99.2 (98.5-100)', '100 (100-100)')
    """
    return "{} ({}-{})".format(*map(percent, (fmean(values), min(values), max(values))))


def percent(value: float) -> str:
    """Return a percentage; only what is exact is called 100.

    Examples:
        >>> percent(100.0), percent(99.97), percent(45.67)
        ('100', '99.9', '45.7')
    """
    return "100" if value == 100 else f"{min(value, 99.9):.1f}"


def answered(accuracies: Sequence[float | None]) -> str:
    """Return the number of seeds without an error, and the mean accuracy in whole percent, rounded down.

    Examples:
        >>> answered([1.0, 1.0, 0.99]), answered([None, None])
        ('2 / 99', '')
    """
    known = [accuracy for accuracy in accuracies if accuracy is not None]
    return f"{sum(one == 1 for one in known)} / {int(100 * fmean(known) + 1e-9)}" if known else ""
