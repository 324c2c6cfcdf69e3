"""The figures of results."""

from pathlib import Path
from typing import Any

import numpy as np

from neuralstack.experiments._experiment import Result
from neuralstack.reporting import COLORS, figure, plot_curves, plot_seeds


def draw_curves(result: Result, path: Path) -> None:
    """Draw the learning curves of the first seeds into `curves`."""
    variants = result["variants"]
    plot_curves({variants[name]["label"]: records for name, records in result["curves"].items()}, path / "curves")


def draw_seeds(result: Result, path: Path) -> None:
    """Draw the fine accuracy of every seed on the test lengths into `seeds`."""
    variants = result["variants"].values()
    plot_seeds(
        {variant["label"]: [run["test"]["fine"] for run in variant["runs"]] for variant in variants}, path / "seeds"
    )


def by_group(result: Result) -> dict[str, dict[str, Any]]:
    """Return the variants by their group and label."""
    groups: dict[str, dict[str, Any]] = {}
    for variant in result["variants"].values():
        groups.setdefault(variant["group"], {})[variant["label"]] = variant
    return groups


def draw_cells(result: Result, path: Path, published: dict[str, dict[str, float]]) -> None:
    """Draw the coarse test accuracies of a table, with a panel per group: each seed, the best, and the published one.

    Args:
        result: A result with groups.
        path: The figure, without a suffix.
        published: The published accuracy by group and machine, in the order of the axis.
    """
    groups = by_group(result)
    with figure(path, 1, len(groups), (2.2 * len(groups) + 1, 3)) as (drawn, axes):
        for panel, (group, cells) in zip(axes[0], groups.items(), strict=True):
            machines = [machine for machine in published[group] if machine in cells]
            seeds = [(x, run) for x, machine in enumerate(machines) for run in cells[machine]["runs"]]
            theirs = [published[group][machine] for machine in machines]
            ours = [cells[machine]["best"]["test"]["coarse"] for machine in machines]
            places = range(len(machines))
            panel.plot(places, theirs, "o", mfc="none", mec=COLORS[1], ms=10, label="published")
            each = [x for x, _ in seeds], [run["test"]["coarse"] for _, run in seeds]
            panel.plot(*each, "_", color=COLORS[0], label="each seed")
            panel.plot(places, ours, ".", color=COLORS[0], label="best seed by training lengths")
            panel.set_xticks(places, machines, rotation=90)
            panel.set(title=group, ylim=(-0.06, 1.06))
        axes[0, 0].set_ylabel("test coarse accuracy")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside lower center", ncols=3)


def draw_lengths(result: Result, path: Path) -> None:
    """Draw the token accuracy of each machine's best seed against the length into `lengths`, with a panel per group."""
    groups = by_group(result)
    rows = -(-len(groups) // 3)
    with figure(path / "lengths", rows, 3, (9, 2.2 * rows)) as (drawn, axes):
        for panel in axes.flat[len(groups) :]:
            panel.set_axis_off()
        for panel, (group, machines) in zip(axes.flat, groups.items(), strict=False):
            for color, (label, variant) in zip(COLORS, machines.items(), strict=False):
                by_length = max(variant["runs"], key=lambda run: run["score"])["by_length"]
                bands = np.array_split(sorted((int(length), token) for length, token in by_length.items()), 10)
                panel.plot(*np.array([band.mean(0) for band in bands if len(band)]).T, color=color, label=label)
            panel.set(title=group, ylim=(-0.03, 1.03))
        for panel in axes[-1]:
            panel.set_xlabel("length")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside lower center", ncols=len(labels))
