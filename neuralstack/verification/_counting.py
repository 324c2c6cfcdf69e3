"""The specifications of streams that a single stack counts or remembers."""

from typing import Any

from neuralstack.automata import StackTransducer
from neuralstack.verification._written import words, write_program

RATES = {"anbn": 1, "anb2n": 2, "anbmcnm": 1}
"""The languages of one stack: how many of the last letter stand against each letter before."""
START = (-1, 0)


def counting(task: Any) -> StackTransducer | None:
    """Return the specification of a counting language: all letters but the last are pushed, and the last one pops.

    A language that needs more than one stack has none.
    """
    if task.language not in RATES:
        return None
    rate, last = RATES[task.language], task.symbols - 1

    def rule(state: Any, token: int, top: Any) -> Any:
        letter, count = state
        if token < last:
            is_next = token in (letter, letter + 1) if letter < last else token == 0 and top is None
            return ((token, 0), False, "letter") if is_next and (letter >= 0 or token == 0) else None
        if token > last or letter < last - 1 or top is None:
            return None
        count = (count + 1) % rate
        return (last, count), count == 0, None

    def answer(state: Any, top: Any) -> int | None:
        return (0 if top is None else last) if state[0] == last else None

    return write_program(words(task), "stack", ["letter"], START, rule, answer)


def mirrored(task: Any) -> StackTransducer:
    """Return the specification of memorization: a string of at least one symbol, the mark, the string backwards."""
    mark = task.symbols - 1

    def rule(state: str, token: int, top: int | None) -> Any:
        if state == "string":
            if token < mark:
                return "string", False, token
            return ("mirror", False, None) if token == mark and top is not None else None
        return ("mirror", True, None) if token == top else None

    def answer(state: str, top: int | None) -> int | None:
        return (mark if top is None else top) if state == "mirror" else None

    return write_program(words(task), "stack", range(mark), "string", rule, answer)
