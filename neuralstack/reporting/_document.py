"""Pages that are one self-contained HTML file: a template, style sheets, scripts, and data."""

import json
import re
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files
from typing import Any

from neuralstack.reporting._notebook import Page

ESCAPED = {"<": r"\u003c", ">": r"\u003e", "&": r"\u0026"}


def document(
    template: str, styles: Sequence[str], scripts: Sequence[str], data: Any, *, connects: bool = False, **texts: str
) -> Page:
    """Return a template with everything filled in.

    Args:
        template: The file of the template.
        styles: The files of its style sheets, of which later ones win.
        scripts: The files of its scripts, in the order in which they refer to each other.
        data: The data that the scripts read, as JSON. It may hold any texts.
        connects: Whether the page may connect to its own server. Defaults to False, for a page without a network.
        texts: Further texts to fill in, by their names in the template.

    Raises:
        ValueError: If a number in the data is infinite or not a number.
    """
    style, script = ("\n".join(read_file(name) for name in names) for names in (styles, scripts))
    contents = {
        "policy": policy(style, script, connects),
        "style": style,
        "script": script,
        "data": embedded(data),
        "controls": read_file("controls.html"),
        "theme": read_file("theme.html"),
        **texts,
    }
    # In one pass, so that placeholders within the data are not replaced.
    return Page(re.sub(r"\{\{(\w+)\}\}", lambda mark: contents[mark[1]], read_file(template)))


def read_file(name: str) -> str:
    """Return one of the files that make up the pages, without the line break at its end."""
    return (files("neuralstack.reporting") / "page" / name).read_text(encoding="utf-8").rstrip("\n")


def embedded(data: Any) -> str:
    r"""Return data as JSON that is safe anywhere in HTML, whatever texts are in it.

    Examples:
        >>> embedded(["</script>"])
        '["\\u003c/script\\u003e"]'
    """
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return re.sub("[<>&]", lambda sign: ESCAPED[sign[0]], text)


def policy(style: str, script: str, connects: bool) -> str:
    """Return the Content-Security-Policy: this style, this script, and at most the page's own server."""
    rules = {
        "default-src": "'none'",
        "style-src": digest(style),
        "script-src": digest(script),
        "connect-src": "'self'" if connects else "'none'",
        "img-src": "data:",  # the empty icon
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {source}" for name, source in rules.items())


def digest(text: str) -> str:
    """Return the name of an inline style or script in a policy: the hash of everything between its tags."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
