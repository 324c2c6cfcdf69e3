"""Pages and traces as a notebook shows them: in a separate frame, which the keys of other cells do not reach."""

from html import escape
from typing import Any

FRAME_HEIGHT = 780  # pixels: a machine with one memory, and its overview


class Page(str):
    """An HTML document. A notebook shows it in a sandboxed frame; everywhere else it is a string."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Page({len(self)} characters)"

    def _repr_html_(self) -> str:
        return frame(self)


class Trace(dict[str, Any]):
    """The trace of a machine on one text, as plain data: a dictionary that a notebook shows as an interactive page."""

    def __repr__(self) -> str:
        steps = f"{len(self.get('steps', ()))} steps"
        if unedited := self.get("unedited"):
            steps += f", edited: answers {self.get('answer')!r} in place of {unedited['answer']!r}"
        return f"Trace({self.get('name')!r} on {self.get('text')!r}, {steps})"

    def _repr_html_(self) -> str:
        from neuralstack.reporting._page import page

        return frame(page([self]))


def frame(html: str, height: int = FRAME_HEIGHT) -> str:
    """Return an HTML element that shows a document in a sandboxed frame.

    Its scripts run, but neither they nor its keys reach the notebook around it.

    Args:
        html: The document.
        height: Height of the frame in pixels; the reader can drag its lower edge.

    Examples:
        >>> from neuralstack.reporting._notebook import frame
        >>> frame('<p title="a">', 200)[:52]
        '<iframe srcdoc="&lt;p title=&quot;a&quot;&gt;" title'
    """
    style = f"width: 100%; height: {height}px; border: 0; resize: vertical; overflow: auto"
    title = "A machine and its memory"
    return f'<iframe srcdoc="{escape(html)}" title="{title}" sandbox="allow-scripts" style="{style}"></iframe>'
