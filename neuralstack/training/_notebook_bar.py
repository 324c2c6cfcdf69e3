"""A progress bar that a notebook shows without widgets: an HTML element, replaced as the work goes on."""

import time
from html import escape
from typing import Any

MOST_A_SECOND = 10  # times that the bar is replaced; the end is always shown
STYLE = "font-variant-numeric: tabular-nums"


class NotebookBar:
    """The progress of one piece of work, in the output of a notebook's cell; used as `rich.progress.Progress` is.

    Args:
        console: A `rich.console.Console`, which prints lines beside the bar.
    """

    def __init__(self, console: Any):
        self.console = console
        self._task: dict[str, Any] = {}
        self._handle: Any = None
        self._shown_at = 0.0

    def __enter__(self) -> "NotebookBar":
        return self

    def __exit__(self, *_: object) -> None:
        self._show()

    def add_task(self, description: str, *, total: int, completed: int = 0, shown: str = "") -> int:
        """Begin, and return the number of the task, which is the only one."""
        from IPython.display import HTML, display  # pyright: ignore[reportMissingImports] every notebook has it

        self._task = {"description": description, "completed": completed, "total": total, "shown": shown}
        self._handle = display(HTML(bar_html(**self._task)), display_id=True)
        return 0

    def update(self, _: int, **changes: Any) -> None:
        """Take over how far the work is, and show it unless it was shown just now."""
        self._task.update(changes)
        if time.monotonic() - self._shown_at > 1 / MOST_A_SECOND:
            self._show()

    def _show(self) -> None:
        from IPython.display import HTML  # pyright: ignore[reportMissingImports]

        self._shown_at = time.monotonic()
        if self._handle is not None:
            self._handle.update(HTML(bar_html(**self._task)))


def bar_html(description: str, completed: int, total: int, shown: str) -> str:
    """Return a bar as an HTML element.

    Examples:
        >>> bar_html("stack + gru", 50, 200, "loss 1.5").partition(">")[2]
        'stack + gru <progress value="50" max="200"></progress> 50/200 <span>loss 1.5</span></div>'
    """
    bar = f'<progress value="{completed}" max="{total}"></progress>'
    return f'<div style="{STYLE}">{escape(description)} {bar} {completed}/{total} <span>{escape(shown)}</span></div>'
