"""Consistency: the accuracy that each seed reached."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from neuralstack.reporting._style import COLORS, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_seeds(accuracies: dict[str, list[float]], path: str | Path | None = None) -> "Figure":
    """Draw the accuracy that each seed reached as a dot, with one row per machine.

    Args:
        accuracies: The fine test accuracy of every seed, by the name of the machine.
        path: The files to write, as PNG and PDF, without a suffix. Defaults to None, which writes no files.

    Returns:
        The figure, which a notebook shows.
    """
    with figure(path, 1, 1, (7, 0.6 + 0.42 * len(accuracies))) as (drawn, axes):
        panel = axes[0, 0]
        for row, reached in enumerate(accuracies.values()):
            # Dots of equal accuracy are spread within their row, in the order of the seeds.
            offsets = np.linspace(-0.32, 0.32, len(reached)) if len(reached) > 1 else np.zeros(1)
            panel.plot(reached, row + offsets, ".", color=COLORS[row % len(COLORS)], markersize=5, alpha=0.8)
            solved = sum(value == 1 for value in reached)
            panel.annotate(f"{solved}/{len(reached)} perfect", (1.04, row), va="center", annotation_clip=False)
        panel.set(xlim=(-0.02, 1.02), xlabel="fine accuracy on lengths 65-128", yticks=range(len(accuracies)))
        panel.set_yticklabels(accuracies)
        panel.invert_yaxis()
    return drawn
