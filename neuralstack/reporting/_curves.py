"""Learning curves: fine accuracy, or bits per character, and loss against batches."""

from pathlib import Path
from typing import Any

from neuralstack.reporting._style import COLORS, MARKS, figure

ACCURACY, BITS, LOSS = ("fine", "fine accuracy"), ("bits", "bits per character"), ("loss", "loss (nats)")
SETS = (("validation", "-", "validation"), ("test", "--", "test"))


def plot_curves(curves: dict[str, list[dict[str, Any]]], path: str | Path) -> None:
    """Draw the evaluations of one or more runs, as `metrics.jsonl` holds them, into `path`.png and .pdf.

    Args:
        curves: The evaluations of each run, by what the legend is to call it.
        path: Where to, without a suffix.
    """
    of_text = any("bits" in record["validation"] for records in curves.values() for record in records)
    panels = (BITS if of_text else ACCURACY, LOSS)
    with figure(path, 1, 2, (8, 3)) as (drawn, axes):
        for (part, label), panel in zip(panels, axes[0], strict=True):
            for number, (name, records) in enumerate(curves.items()):
                look = {"color": COLORS[number % len(COLORS)], "marker": MARKS[number % len(MARKS)], "markersize": 3}
                for key, line, what in SETS:
                    points = [(record["step"], record[key][part]) for record in records if key in record]
                    if points:
                        panel.plot(*zip(*points, strict=True), line, label=f"{name}, {what}", **look)
            panel.set(xlabel="batches", ylabel=label)
        if not of_text:
            axes[0, 0].set_ylim(-0.03, 1.03)
            axes[0, 1].set_yscale("log")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside lower center", ncols=min(3, len(labels)))
