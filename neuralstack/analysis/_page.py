"""The page that shows what a machine does with its memory, as one HTML file."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from typing import Any

SCRIPTS = ("trace.js", "parts.js", "overview.js", "page.js")
ESCAPED = {"<": r"\u003c", ">": r"\u003e", "&": r"\u0026"}


def page(traces: list[dict[str, Any]], *, live: bool = False) -> str:
    """Return an HTML document that plays traces of machines, and needs nothing besides itself.

    Args:
        traces: What machines did, in the form `neuralstack-trace-1`. Those of the same text are shown side by side.
        live: Whether the page asks the server that it comes from, at `trace?text=`, for texts that it does not hold.

    Raises:
        ValueError: If a number in a trace is infinite or not a number.

    Examples:
        >>> from neuralstack.analysis._page import page
        >>> page([]).splitlines()[0]
        '<!doctype html>'
    """
    style = part("page.css")
    script = "\n".join(part(name) for name in SCRIPTS)
    parts = {
        "policy": policy(style, script, live),
        "style": style,
        "script": script,
        "traces": embedded(traces),
        "live": "true" if live else "false",
    }
    # In one pass: what stands in a trace is not looked at again.
    return re.sub(r"\{\{(\w+)\}\}", lambda mark: parts[mark[1]], part("page.html"))


def part(name: str) -> str:
    """Return a file that the page is made of."""
    return (files("neuralstack.analysis") / "page" / name).read_text(encoding="utf-8")


def embedded(traces: list[dict[str, Any]]) -> str:
    """Return traces as JSON that no text in them can break out of, wherever in HTML it stands."""
    text = json.dumps(traces, separators=(",", ":"), allow_nan=False)
    return re.sub("[<>&]", lambda sign: ESCAPED[sign[0]], text)


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
    """Return how a policy names an inline style or script: by the hash of all that stands within its tags."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
