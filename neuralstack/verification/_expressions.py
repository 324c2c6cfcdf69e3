"""The specification of bracketed expressions modulo 5."""

from operator import add, mul, sub
from typing import Any

from neuralstack.automata import StackTransducer
from neuralstack.verification._written import words, write_program

DIGITS = 5
PLUS, MINUS, OPEN, CLOSE, BLANK = 5, 6, 8, 9, 10
VALUES = add, sub, mul


def expressions(task: Any) -> StackTransducer:
    """Return the specification of a bracketed expression: its operations are done as their brackets close.

    An open bracket waits on the stack, then with the value of its left side and its operator. `plain` is a digit, or
    one with a minus, which alone may have brackets of its own.
    """
    operators = 2 + task.multiplication
    kinds = ["open", *((left, operator) for left in range(DIGITS) for operator in range(operators))]

    def rule(state: Any, token: int, top: Any) -> Any:
        if state in ("expression", "minus"):
            return begun(state, token)
        phase, value = state
        if phase == "answer":
            return None
        if token == BLANK:
            return (("answer", value), False, None) if top is None else None
        if top == "open":
            if 0 <= token - PLUS < operators:
                return "expression", True, (value, token - PLUS)
            return (("closed", value), True, None) if token == CLOSE and phase == "plain" else None
        if top is None or token != CLOSE:
            return None
        left, operator = top
        return ("closed", VALUES[operator](left, value) % DIGITS), True, None

    def answer(state: Any, top: Any) -> int | None:
        return state[1] if state[0] == "answer" else None

    return write_program(words(task), "stack", kinds, "expression", rule, answer)


def begun(state: str, token: int) -> Any:
    """Return the action at the first symbol of an expression, or at the digit after a minus."""
    if token < DIGITS:
        return ("plain", token if state == "expression" else -token % DIGITS), False, None
    if state == "minus":
        return None
    return {MINUS: ("minus", False, None), OPEN: ("expression", False, "open")}.get(token)
