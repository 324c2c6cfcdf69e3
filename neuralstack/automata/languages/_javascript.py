"""Programs in JavaScript: a function `run`, in a script or in a module, and a main program for Node."""

import json

from neuralstack.automata.languages._description import Description
from neuralstack.automata.languages._language import Language


def quote(text: str) -> str:
    r"""Return a text as JavaScript writes it, with nothing that would end a script within a page.

    Examples:
        >>> print(quote('</script>"\u2028'))
        "\u003c/script>\"\u2028"
    """
    return json.dumps(text).replace("</", r"\u003c/").replace("<!", r"\u003c!")


JAVASCRIPT = Language("javascript.template", "//", ("[", "]"), quote)


def to_script(described: Description) -> str:
    """Return a program as a script, which is a module of CommonJS too."""
    return write(described, "script")


def to_module(described: Description) -> str:
    """Return a program as an ES module."""
    return write(described, "module")


def write(described: Description, kind: str) -> str:
    """Return a program as a file of that kind."""
    queues = [str(memory == "queue").lower() for memory in described.program.memories]
    return JAVASCRIPT.write(described, kind, queues=JAVASCRIPT.table(queues))
