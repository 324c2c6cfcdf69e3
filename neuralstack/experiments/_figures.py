"""The figures of results."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neuralstack.experiments._experiment import Measured, Result
from neuralstack.reporting import COLORS, MARKERS, figure, plot_curves, plot_seeds

if TYPE_CHECKING:
    from neuralstack.reporting import Figure

LINES = (
    "-",
    "--",
    "-.",
    ":",
    (0, (5, 1)),
    (0, (1, 1)),
    (0, (3, 1, 1, 1, 1, 1)),
)  # which tell lines apart without color
FIRST_SECOND = 0.01  # on a logarithmic axis
BETWEEN_LINES = 0.012  # so that lines at the same height can be seen


def draw_curves(result: Result, path: Path | None = None) -> "Figure":
    """Draw the learning curves of the first seeds into `curves`."""
    variants = result["variants"]
    curves = {variants[name]["label"]: records for name, records in result["curves"].items()}
    return plot_curves(curves, path and path / "curves")


def draw_seeds(result: Result, path: Path | None = None) -> "Figure":
    """Draw the fine accuracy of every seed on the test lengths into `seeds`."""
    variants = result["variants"].values()
    reached = {variant["label"]: [run["test"]["fine"] for run in variant["runs"]] for variant in variants}
    return plot_seeds(reached, path and path / "seeds")


def by_group(result: Result) -> dict[str, dict[str, Any]]:
    """Return the variants by their group and label."""
    groups: dict[str, dict[str, Any]] = {}
    for variant in result["variants"].values():
        groups.setdefault(variant["group"], {})[variant["label"]] = variant
    return groups


def draw_cells(
    seeds: dict[str, dict[str, list[float]]],
    path: Path | None,
    label: str,
    best: dict[str, dict[str, float]] | None = None,
    published: dict[str, dict[str, float]] | None = None,
) -> "Figure":
    """Draw the accuracies of a table: a panel for each group, a place for each machine, a line for each seed.

    Args:
        seeds: The accuracy of every seed, by group and machine.
        path: The figure, without a suffix; None writes no files.
        label: The name of the accuracy.
        best: The accuracy of the best seed, by group and machine. Defaults to none.
        published: The published accuracy, by group and machine. Defaults to none.
    """
    with figure(path, 1, len(seeds), (2.2 * len(seeds) + 1, 3)) as (drawn, axes):
        for panel, (group, machines) in zip(axes[0], seeds.items(), strict=True):
            if published:
                theirs = [published[group].get(machine, np.nan) for machine in machines]
                panel.plot(theirs, "o", mfc="none", mec=COLORS[1], ms=10, label="published")
            each = [(place, value) for place, values in enumerate(machines.values()) for value in values]
            panel.plot(*zip(*each, strict=True), "_", color=COLORS[0], ms=9, label="each seed")
            if best:
                ours = [best[group][machine] for machine in machines]
                panel.plot(ours, ".", color=COLORS[0], label="best seed by training lengths")
            panel.set_xticks(range(len(machines)), list(machines), rotation=90)
            panel.set(title=group, ylim=(-0.06, 1.06), xlim=(-0.5, len(machines) - 0.5))
        axes[0, 0].set_ylabel(label)
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside lower center", ncols=3)
    return drawn


def draw_lengths(result: Result, path: Path | None = None) -> "Figure":
    """Draw the token accuracy of each machine's best seed against the length into `lengths`, with a panel per group."""
    groups = by_group(result)
    rows = -(-len(groups) // 3)
    with figure(path and path / "lengths", rows, 3, (9, 2.2 * rows)) as (drawn, axes):
        for panel in axes.flat[len(groups) :]:
            panel.set_axis_off()
        for panel, (group, machines) in zip(axes.flat, groups.items(), strict=False):
            for color, line, (label, variant) in zip(COLORS, LINES, machines.items(), strict=False):
                by_length = max(variant["runs"], key=lambda run: run["score"])["by_length"]
                bands = np.array_split(sorted((int(length), token) for length, token in by_length.items()), 10)
                panel.plot(
                    *np.array([band.mean(0) for band in bands if len(band)]).T, color=color, ls=line, label=label
                )
            panel.set(title=group, ylim=(-0.03, 1.03))
        for panel in axes[-1]:
            panel.set_xlabel("length")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return drawn


def draw_survival(result: Result, path: Path | None = None) -> "Figure":
    """Draw the share of solved seeds against the seconds of training into `survival`, with a panel per group.

    A line ends with the longest training of its machine.
    """
    groups = by_group(result)
    labels = list(dict.fromkeys(variant["label"] for variant in result["variants"].values()))
    runs = [run for variant in result["variants"].values() for run in variant["runs"]]
    first = min((run["solved_seconds"] for run in runs if run["solved_seconds"] is not None), default=1)
    ends = max(FIRST_SECOND, first / 2), max(10, *(1.2 * run["seconds"] for run in runs))
    columns = min(3, len(groups))
    rows = -(-len(groups) // columns)
    with figure(path and path / "survival", rows, columns, (3 * columns + 0.5, 2.1 * rows + 0.8)) as (drawn, axes):
        for panel in axes.flat[len(groups) :]:
            panel.set_axis_off()
        for panel, (group, machines) in zip(axes.flat, groups.items(), strict=False):
            for number, label in enumerate(labels):
                if label in machines:
                    draw_solved(panel, machines[label]["runs"], label, number)
            panel.set(title=group, ylim=(-0.05, 1.12), xscale="log", xlim=ends)
        for panel in axes[-1]:
            panel.set_xlabel("seconds")
        for row in axes:
            row[0].set_ylabel("seeds solved")
        shown = {
            label: line for panel in axes.flat for line, label in zip(*panel.get_legend_handles_labels(), strict=True)
        }
        drawn.legend(shown.values(), shown.keys(), loc="outside lower center", ncols=len(shown))
    return drawn


def draw_solved(panel: Any, runs: list[Measured], label: str, number: int) -> None:
    """Draw the share of a machine's seeds that are solved against the seconds of training, a little above others."""
    times = sorted(run["solved_seconds"] for run in runs if run["solved_seconds"] is not None)
    last = max(*(run["seconds"] for run in runs), *times, FIRST_SECOND)
    shares = [count / len(runs) + BETWEEN_LINES * number for count in range(len(times) + 1)]
    panel.step(
        [FIRST_SECOND, *times, last], [*shares, shares[-1]], where="post", label=label,
        color=COLORS[number % len(COLORS)], linestyle=LINES[number % len(LINES)],
        marker=MARKERS[number % len(MARKERS)], markersize=4, markevery=range(1, len(times) + 1),
    )  # fmt: skip
