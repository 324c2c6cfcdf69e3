"""Programs as files that run without this package."""

from collections.abc import Callable

from neuralstack._arguments import require_object
from neuralstack._lookup import lookup
from neuralstack.automata._transducer import StackTransducer
from neuralstack.automata.languages._c import to_c
from neuralstack.automata.languages._description import Description, describe
from neuralstack.automata.languages._javascript import to_module, to_script
from neuralstack.automata.languages._python import to_python

FORMATS: dict[str, Callable[[Description], str]] = {
    "python": to_python,
    "c": to_c,
    "javascript": to_script,
    "module": to_module,
    "dot": lambda described: described.program.graph(),
    "json": lambda described: described.program.to_json(),
}


def export(program: StackTransducer, to: str) -> str:
    """Return a program as the text of one file, which needs neither this package nor any other.

    Whatever the format, it is the program in its smallest form (see `StackTransducer.minimal`): programs that differ
    only in how they are numbered and named give the same text. A file of source code has a function `run` from the text
    of a source to that of the answer, but for C, and a main program, which answers an argument, or each line of the
    standard input.

    Args:
        program: The program.
        to: `python`; `c`, for C99; `javascript`, a script for pages and for CommonJS; `module`, an ES module; `dot`, a
            graph for Graphviz; or `json`, which `StackTransducer.load` reads.

    Raises:
        ValueError: If the format is unknown, the program is not complete, or how source and answer lie in a sequence is
            not known.

    Examples:
        >>> from neuralstack.automata import Choice, Layout, always
        >>> program = StackTransducer(
        ...     vocabulary=("0", "1"),
        ...     memories=("stack",),
        ...     states=("push",),
        ...     kinds=(("zero", "one"),),
        ...     rules=((always((0, (True,), (0,))), always((0, (True,), (1,)))),),
        ...     answers=(Choice((0,), {(0,): 0, (1,): 1}),),
        ...     layout=Layout("synchronous", symbols=2),
        ... )
        >>> names = {}
        >>> exec(export(program, "python"), names)
        >>> names["run"]("0110")
        '0110'
    """
    require_object("program", program, StackTransducer, "ns.extract(machine, task)")
    return lookup("format", FORMATS, to)(describe(program))
