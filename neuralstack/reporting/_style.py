"""Style of all figures: colors that color-blind readers can tell apart, no clutter, PNG for screens, PDF for print."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuralstack._extras import extra
from neuralstack._files import write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe & Ito (2008), in the order in which they are used.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v")  # which tell lines apart without color
DOTS_PER_INCH = 150
SETTINGS: Any = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "font.size": 9,
    "legend.frameon": False,
    "pdf.fonttype": 42,
}


@contextmanager
def figure(
    path: str | Path | None,
    rows: int,
    columns: int,
    size: tuple[int | float, int | float],
    suffixes: tuple[str, ...] = (".png", ".pdf"),
) -> Iterator[tuple["Figure", Any]]:
    """Yield a figure and its axes to draw on, which a notebook shows, and save it on exit.

    Args:
        path: The files to write, without a suffix; None writes none.
        rows: Number of rows of axes.
        columns: Number of columns of axes.
        size: Width and height in inches.
        suffixes: The formats of the files. Defaults to PNG and PDF.

    Raises:
        ModuleNotFoundError: If Matplotlib is not installed.
    """
    with extra("plot"):
        from matplotlib import rc_context

        from neuralstack.reporting._notebook_figure import NotebookFigure

    with rc_context(SETTINGS):
        drawn = NotebookFigure(figsize=size, layout="constrained")
        yield drawn, drawn.subplots(rows, columns, squeeze=False)
        if path is not None:
            for suffix in suffixes:
                picture = BytesIO()
                drawn.savefig(picture, format=suffix.removeprefix("."), dpi=DOTS_PER_INCH)
                write_whole(Path(f"{path}{suffix}"), picture.getvalue())
