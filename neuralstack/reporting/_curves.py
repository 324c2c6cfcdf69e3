"""Learning curves: fine accuracy, or bits per character, and loss against batches."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuralstack.reporting._style import COLORS, MARKERS, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ACCURACY, BITS, LOSS = ("fine", "fine accuracy"), ("bits", "bits per character"), ("loss", "loss (nats)")
THINNEST, THICKER = 1.3, 0.7  # the width of the top line, and the increase for each line below it, in points
SETS = (("validation", "-", "validation"), ("test", "--", "test"))


def plot_curves(curves: dict[str, list[dict[str, Any]]], path: str | Path | None = None) -> "Figure":
    """Draw the evaluations of one or more runs, as `metrics.jsonl` holds them.

    Lines of equal numbers stay visible: each is thinner than the one below it.

    Args:
        curves: The evaluations of each run, by its name in the legend.
        path: The files to write, as PNG and PDF, without a suffix. Defaults to None, which writes no files.

    Returns:
        The figure, which a notebook shows.
    """
    of_text = any("bits" in record["validation"] for records in curves.values() for record in records)
    panels = (BITS if of_text else ACCURACY, LOSS)
    with figure(path, 1, 2, (8, 3)) as (drawn, axes):
        for (metric, label), panel in zip(panels, axes[0], strict=True):
            for number, (name, records) in enumerate(curves.items()):
                look = {
                    "color": COLORS[number % len(COLORS)],
                    "marker": MARKERS[number % len(MARKERS)],
                    "markersize": 3,
                    "linewidth": THINNEST + THICKER * (len(curves) - 1 - number),
                }
                for key, line, dataset in SETS:
                    points = [(record["step"], record[key][metric]) for record in records if key in record]
                    if points:
                        panel.plot(*zip(*points, strict=True), line, label=f"{name}, {dataset}", **look)
            panel.set(xlabel="batches", ylabel=label)
        if not of_text:
            axes[0, 0].set_ylim(-0.03, 1.03)
            axes[0, 1].set_yscale("log")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside lower center", ncols=min(3, len(labels)))
    return drawn
