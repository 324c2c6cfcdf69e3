"""The page that shows what a machine does with its memory, as one HTML file."""

from collections.abc import Sequence
from typing import Any

from neuralstack.reporting._document import document
from neuralstack.reporting._notebook import Page

SCRIPTS = ("shared.js", "player.js", "trace.js", "components.js", "overview.js", "page.js")


def page(traces: Sequence[dict[str, Any]], *, live: bool = False) -> Page:
    """Return a self-contained HTML document that plays traces of machines.

    Args:
        traces: Traces of machines, as `trace` returns them. Those of the same text are shown side by side.
        live: Whether the page requests the traces of other texts from its server, at `trace?text=`. Defaults to False,
            for a page to save.

    Returns:
        The document, a string, which a notebook shows in a frame.

    Raises:
        ValueError: If a number in a trace is infinite or not a number.

    Examples:
        >>> from neuralstack.reporting import page
        >>> page([]).splitlines()[0]
        '<!doctype html>'
    """
    held = [packed(trace) for trace in traces]
    return document(
        "page.html", ("shared.css", "page.css"), SCRIPTS, held, live="true" if live else "false", connects=live
    )


def packed(trace: dict[str, Any]) -> dict[str, Any]:
    """Return a trace whose steps are lists, in a third of the space; `unpacked` in trace.js restores it.

    Examples:
        >>> from neuralstack.reporting._page import packed
        >>> memory = {"actions": [{"end": "top", "push": 1.0, "pop": 0.0}], "changed": [[0, 1.0, 1.0]]}
        >>> step = {"given": "a", "answered": "b", "wanted": None, "probability": 0.5, "state": None}
        >>> packed({"text": "a", "steps": [step | {"memories": [memory]}]})
        {'text': 'a', 'steps': [['a', 'b', None, 0.5, None, [[[[1.0, 0.0]], [[0, 1.0, 1.0]]]]]], 'ends': [['top']]}
    """
    steps = trace["steps"]
    return trace | {
        "steps": [
            [
                *(step[field] for field in ("given", "answered", "wanted", "probability", "state")),
                [[[[end["push"], end["pop"]] for end in m["actions"]], m["changed"]] for m in step["memories"]],
            ]
            for step in steps
        ],
        "ends": [[action["end"] for action in memory["actions"]] for memory in steps[0]["memories"]],
    }
