"""Accuracy by length: how far beyond its training a machine holds."""

from pathlib import Path

from neuralstack.evaluation import Report, length_bands
from neuralstack.reporting._style import COLORS, MARKS, figure

LINES = "-", "--", "-.", ":"
MOST = 24  # marks on a line: more lengths are gathered into bands


def plot_lengths(reports: dict[str, Report], path: str | Path, trained: tuple[int, int] | None = None) -> None:
    """Draw coarse and fine accuracy against the length of the source, a line for each machine, as `path`.png and .pdf.

    Args:
        reports: What `evaluate` returned, by what the legend is to call it.
        path: Where to, without a suffix.
        trained: The shortest and the longest source of the training, which is then shaded.
    """
    with figure(path, 1, 2, (8, 3)) as (drawn, axes):
        for panel, part in zip(axes[0], ("coarse", "fine"), strict=True):
            for number, (name, report) in enumerate(reports.items()):
                bands = [band for _, band in length_bands(report.by_length, MOST)]
                panel.plot(
                    [band["length"] for band in bands],
                    [band[part] for band in bands],
                    LINES[number % len(LINES)],
                    marker=MARKS[number % len(MARKS)],
                    color=COLORS[number % len(COLORS)],
                    label=name,
                    markersize=3,
                )
            if trained:
                panel.axvspan(*trained, color="0.93", zorder=0, label="trained on")
            panel.set(ylim=(-0.03, 1.03), xlabel="length of the source", ylabel=f"{part} accuracy")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside lower center", ncols=min(3, len(labels)))
