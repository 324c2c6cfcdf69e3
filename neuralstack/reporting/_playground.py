"""The playground: programs that run in a page, on whatever is typed there, as one HTML file."""

import json
import re
from collections.abc import Mapping
from random import Random
from typing import Any

from neuralstack._arguments import require_object
from neuralstack.automata import StackTransducer, answer_columns, readable, rule_columns, rule_groups
from neuralstack.reporting._document import document
from neuralstack.reporting._notebook import Page

STYLES = ("shared.css", "playground.css")
SCRIPTS = ("shared.js", "player.js", "program.js", "diagram.js", "parts.js", "editor.js", "playground.js")
LONGEST_EXAMPLE = 8
EXAMPLES_TRIED = 500
MANY_SYMBOLS = 40  # of which an example takes letters only


def playground(programs: Mapping[str, StackTransducer]) -> Page:
    """Return a self-contained HTML document in which programs run on whatever is typed, step by step.

    It shows the symbols that are given and answered, what the memories hold, the states and the rules, each in its
    smallest form (see `StackTransducer.minimal`). What a memory holds can be edited at any step, to see what changes.

    Args:
        programs: The programs, by the names that the page has for them.

    Returns:
        The document, a string, which a notebook shows in a frame.

    Raises:
        ValueError: If there is no program, one is not complete, or how source and answer lie in a sequence is not
            known.

    Examples:
        >>> from neuralstack.automata import Choice, Layout, always
        >>> even, odd = always((0, (), ())), always((1, (), ()))
        >>> parity = StackTransducer(
        ...     vocabulary=("0", "1", "<blank>"),
        ...     memories=(),
        ...     states=("even", "odd"),
        ...     kinds=(),
        ...     rules=((even, odd, even), (odd, even, odd)),
        ...     answers=(always(0), always(1)),
        ...     layout=Layout("query", symbols=2, answer_lengths=(1,), growth=0),
        ... )
        >>> playground({"parity": parity}).splitlines()[0]
        '<!doctype html>'
    """
    if not programs:
        raise ValueError("a playground needs at least one program: give them by name.")
    held = [packed(name, program) for name, program in programs.items()]
    return document("playground.html", STYLES, SCRIPTS, held)


def packed(name: str, program: StackTransducer) -> dict[str, Any]:
    """Return what the page holds of a program: its file, its tables, and a source to begin with."""
    require_object(f"the program {name!r}", program, StackTransducer, "ns.extract(machine, task)")
    if program.layout is None:
        raise ValueError(
            f"the program {name!r} does not know how source and answer lie in a sequence: extract it again."
        )
    program = program.minimal()
    groups = rule_groups(program)
    row_of = {rule: row for row, (_, rules) in enumerate(groups) for rule in rules}
    rows_of_rules = [
        [choice and [row_of[state, token, reads] for reads in choice.cases] for token, choice in enumerate(row)]
        for state, row in enumerate(program.rules)
    ]
    return {
        "name": name,
        "content": json.loads(program.to_json()),
        "example": example(program),
        "columns": rule_columns(program),
        "rows": [{"cells": cells, "edge": edge_of(program, rules[0])} for cells, rules in groups],
        "rows_of_rules": rows_of_rules,
        "answer_columns": answer_columns(program),
        "answer_rows": program.answer_table(),
        "readable": [readable(word) for word in program.vocabulary],
        "readable_kinds": [[readable(kind) for kind in kinds] for kinds in program.kinds],
    }


def edge_of(program: StackTransducer, rule: tuple[int, int, tuple[int | None, ...]]) -> tuple[int, int]:
    """Return the state of a rule and the next one."""
    state, token, reads = rule
    choice = program.rules[state][token]
    assert choice is not None
    return state, choice.cases[reads][0]


def example(program: StackTransducer) -> list[int]:
    """Return the longest source that the program answers among some short ones, drawn alike each time; or none."""
    layout = program.layout
    assert layout is not None
    rng, numbers = Random(0), range(layout.symbols)
    symbols = [number for number in numbers if not re.search(r"\s", program.vocabulary[number])] or [0]
    letters = [symbol for symbol in symbols if program.vocabulary[symbol].isalnum()]
    if len(symbols) > MANY_SYMBOLS and letters:
        symbols = letters
    longest: list[int] = []
    for _ in range(EXAMPLES_TRIED):
        source = rng.choices(symbols, k=rng.randint(1, LONGEST_EXAMPLE))
        if len(source) > len(longest) and answers(program, source):
            longest = source
    return longest


def answers(program: StackTransducer, source: list[int]) -> bool:
    """Return whether a program has an answer to a source."""
    try:
        return bool(program.answer(source))
    except ValueError:
        return False
