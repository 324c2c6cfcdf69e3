"""The page that shows what a machine does with its memory, as one HTML file."""

import json
import re
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files
from typing import Any

from neuralstack.reporting._notebook import Page

SCRIPTS = ("trace.js", "components.js", "overview.js", "page.js")
ESCAPED = {"<": r"\u003c", ">": r"\u003e", "&": r"\u0026"}


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
    style = read_file("page.css")
    script = "\n".join(read_file(name) for name in SCRIPTS)
    contents = {
        "policy": policy(style, script, live),
        "style": style,
        "script": script,
        "traces": embedded(traces),
        "live": "true" if live else "false",
    }
    # In one pass, so that placeholders within a trace are not replaced.
    return Page(re.sub(r"\{\{(\w+)\}\}", lambda mark: contents[mark[1]], read_file("page.html")))


def read_file(name: str) -> str:
    """Return one of the files that make up the page."""
    return (files("neuralstack.reporting") / "page" / name).read_text(encoding="utf-8")


def embedded(traces: Sequence[dict[str, Any]]) -> str:
    """Return packed traces as JSON that is safe anywhere in HTML, whatever texts are in them."""
    text = json.dumps([packed(trace) for trace in traces], separators=(",", ":"), allow_nan=False)
    return re.sub("[<>&]", lambda sign: ESCAPED[sign[0]], text)


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


def policy(style: str, script: str, live: bool) -> str:
    """Return the Content-Security-Policy: this style, this script, and at most the page's own server."""
    rules = {
        "default-src": "'none'",
        "style-src": digest(style),
        "script-src": digest(script),
        "connect-src": "'self'" if live else "'none'",
        "img-src": "data:",  # the empty icon
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {source}" for name, source in rules.items())


def digest(text: str) -> str:
    """Return the name of an inline style or script in a policy: the hash of everything between its tags."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
