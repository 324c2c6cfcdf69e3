"""How every figure looks: colors that the color-blind can tell apart, no clutter, PNG to look at and PDF to print."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuralstack._extras import extra

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe & Ito (2008), in the order in which they are used.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKS = ("o", "s", "^", "D", "v")  # that tell lines apart without a color


@contextmanager
def figure(
    path: str | Path,
    rows: int,
    columns: int,
    size: tuple[int | float, int | float],
    suffixes: tuple[str, ...] = (".png", ".pdf"),
) -> Iterator[tuple["Figure", Any]]:
    """Give a figure and its axes to draw on, and save it as `path` with each suffix on leaving."""
    with extra("plot"):
        from matplotlib import rc_context
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

    settings: Any = {
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.alpha": 0.25,
        "font.size": 9,
        "legend.frameon": False,
        "pdf.fonttype": 42,
    }
    with rc_context(settings):
        drawn = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(drawn)
        yield drawn, drawn.subplots(rows, columns, squeeze=False)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        for suffix in suffixes:
            drawn.savefig(f"{path}{suffix}", dpi=150)
