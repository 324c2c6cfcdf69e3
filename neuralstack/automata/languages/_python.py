"""Programs in Python: a function `run`, and a main program."""

from neuralstack.automata.languages._description import Description
from neuralstack.automata.languages._language import Language

PYTHON = Language("python.template", "#", ("[", "]"), ascii)


def to_python(described: Description) -> str:
    """Return a program as a Python file."""
    return PYTHON.write(described, queues=PYTHON.table([kind == "queue" for kind in described.program.memories]))
