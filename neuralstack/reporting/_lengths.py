"""Accuracy by length: how far a machine generalizes beyond its training."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuralstack.evaluation import Report, length_bands
from neuralstack.reporting._style import COLORS, MARKERS, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_POINTS = 24  # on a line: more lengths are grouped into bands
THINNEST, THICKER = 1.5, 1.4  # the width of the top line, and the increase for each line below it, in points


def plot_lengths(
    reports: dict[str, Report], path: str | Path | None = None, trained: tuple[int, int] | None = None
) -> "Figure":
    """Draw coarse and fine accuracy against the length of the source, a line for each machine.

    Lines of equal accuracy stay visible: each is thinner than the one below it, and their markers alternate.

    Args:
        reports: The evaluation of each machine, by its name in the legend.
        path: The files to write, as PNG and PDF, without a suffix. Defaults to None, which writes no files.
        trained: The shortest and the longest source in training; the range between them is shaded.

    Returns:
        The figure, which a notebook shows.
    """
    with figure(path, 1, 2, (8, 3)) as (drawn, axes):
        for panel, metric in zip(axes[0], ("coarse", "fine"), strict=True):
            for number, (name, report) in enumerate(reports.items()):
                bands = [band for _, band in length_bands(report.by_length, MAX_POINTS)]
                points = [band["length"] for band in bands], [band[metric] for band in bands]
                panel.plot(*points, label=name, **line_style(number, len(reports), len(bands)))
            if trained:
                panel.axvspan(*trained, color="0.93", zorder=0, label="trained on")
            panel.set(ylim=(-0.05, 1.05), xlabel="length of the source", ylabel=f"{metric} accuracy")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside lower center", ncols=min(3, len(labels)))
    return drawn


def line_style(number: int, count: int, points: int) -> dict[str, Any]:
    """Return the style of one of several lines, so that each stays visible if all of them coincide."""
    return {
        "color": COLORS[number % len(COLORS)],
        "linewidth": THINNEST + THICKER * (count - 1 - number),
        "marker": MARKERS[number % len(MARKERS)],
        "markersize": 5 + THICKER * (count - 1 - number),
        "markeredgecolor": "white",
        "markeredgewidth": 0.6,
        "markevery": (number, count) if points > 2 * count else 1,
        "zorder": 2 + number / count,
    }
