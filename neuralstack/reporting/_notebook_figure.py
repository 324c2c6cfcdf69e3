"""Figures that a notebook shows without pyplot."""

from io import BytesIO

from matplotlib import rc_context
from matplotlib.figure import Figure

from neuralstack.reporting._style import DOTS_PER_INCH, SETTINGS


class NotebookFigure(Figure):
    """A Matplotlib figure without a window: a notebook shows it if it is the value of a cell."""

    def _repr_png_(self) -> bytes:
        picture = BytesIO()
        with rc_context(SETTINGS):
            self.savefig(picture, format="png", dpi=DOTS_PER_INCH)
        return picture.getvalue()
