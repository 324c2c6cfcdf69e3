"""Tasks given as programs: for each, the program whose answers are right by definition.

A specification has rules for exactly the sequences of its task, and answers exactly where they are scored: where it has
no rule, no sequence of the task goes on in this way. A proof about another program is relative to it, so it follows the
definition of the task as closely as a program can, and is held against the answers of the task.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from neuralstack.automata import StackTransducer
from neuralstack.tasks import TASKS, AbstractTask, Counting
from neuralstack.verification._counting import counting, mirrored
from neuralstack.verification._expressions import expressions
from neuralstack.verification._written import words, write_program


def specification(task: AbstractTask) -> StackTransducer | None:
    """Return the program that a task is by definition, or None if there is none for it.

    Examples:
        >>> import neuralstack as ns
        >>> specification(ns.TASKS["parity"]()).run([1, 1, 1, 2])
        [None, None, None, 1]
        >>> specification(ns.TASKS["bucket-sort"]())
    """
    found = next((make for kind, make in SPECIFICATIONS.items() if type(task) is kind), None)
    return None if found is None else found(task)


def repeats(memory: str) -> Callable[[Any], StackTransducer]:
    """Return the specification of writing the source again: backwards from a stack, or as it was from a queue."""

    def made(task: AbstractTask) -> StackTransducer:
        symbols = task.symbols
        start, separator, end = range(symbols, symbols + 3)

        def rule(state: str, token: int, top: int | None) -> Any:
            if state == "before":
                return ("source", False, None) if token == start else None
            if state == "source" and token < symbols:
                return "source", False, token
            if state == "source" and token == separator and top is not None:
                return "answer", False, None
            return ("answer", True, None) if state == "answer" and token == top is not None else None

        def answer(state: str, top: int | None) -> int | None:
            return (end if top is None else top) if state == "answer" else None

        return write_program(words(task), memory, range(symbols), "before", rule, answer)

    return made


def reversed_at_blanks(task: AbstractTask) -> StackTransducer:
    """Return the specification of writing the source backwards, with a blank for each symbol."""
    symbols = task.symbols
    kinds = [(symbol, place) for place in ("first", "later") for symbol in range(symbols)]

    def rule(state: str, token: int, top: Any) -> Any:
        if state == "source" and token < symbols:
            return "source", False, (token, "first" if top is None else "later")
        if token != symbols or top is None:
            return None
        if state == "source":
            return "answer", False, None
        return None if top[1] == "first" else ("answer", True, None)  # the first was the last to be answered

    def answer(state: str, top: Any) -> int | None:
        return top[0] if state == "answer" and top is not None else None

    return write_program(words(task), "stack", kinds, "source", rule, answer)


def folded(start: Any, after: Callable[[Any, int], Any], known: int, result: Callable[[Any], int]) -> Any:
    """Return the specification of one answer about all symbols, which are taken in one after the other.

    Args:
        start: The state before the source.
        after: From a state and a symbol to the next state.
        known: Number of symbols that sources have.
        result: From a state to the answer.
    """

    def made(task: AbstractTask) -> StackTransducer:
        def rule(state: Any, token: int, top: None) -> Any:
            phase, value = state
            if phase != "answer" and token < known:
                return ("source", after(value, token)), False, None
            return (("answer", value), False, None) if phase == "source" and token == task.symbols else None

        def answer(state: Any, top: None) -> int | None:
            return result(state[1]) if state[0] == "answer" else None

        return write_program(words(task), None, (), ("before", start), rule, answer)

    return made


def brackets(task: Any) -> StackTransducer:
    """Return the specification of a Dyck language: the innermost open bracket is due, or none."""
    pairs = task.pairs

    def rule(state: str, token: int, top: int | None) -> Any:
        if token < pairs:
            return "read", False, token
        return ("read", True, None) if top is not None and token == pairs + top else None

    def answer(state: str, top: int | None) -> int:
        return 2 * pairs if top is None else pairs + top

    return write_program(words(task), "stack", range(pairs), "read", rule, answer)


def stack_of_bits(task: AbstractTask) -> StackTransducer:
    """Return the specification of stack manipulation: bits, at least one action after two of them, and the stack."""
    pop, push, blank = 2, {3: 0, 4: 1}, task.symbols
    bits = {"before": "bit", "bit": "bits", "bits": "bits"}

    def rule(state: str, token: int, top: int | None) -> Any:
        if token < pop:
            return (bits[state], False, token) if state in bits else None
        if token < blank:
            return ("actions", token == pop, push.get(token)) if state not in ("before", "answer") else None
        if state in ("bit", "actions"):
            return "answer", False, None
        return ("answer", True, None) if state == "answer" and top is not None else None

    def answer(state: str, top: int | None) -> int | None:
        return (pop if top is None else top) if state == "answer" else None

    return write_program(words(task), "stack", range(2), "before", rule, answer)


SPECIFICATIONS: Mapping[Any, Callable[[Any], StackTransducer | None]] = MappingProxyType(
    {
        TASKS["reversal"]: repeats("stack"),
        TASKS["copy"]: repeats("queue"),
        TASKS["reverse-string"]: reversed_at_blanks,
        TASKS["parity"]: folded(0, lambda ones, bit: (ones + bit) % 2, 2, lambda ones: ones),
        TASKS["even-pairs"]: folded(
            None, lambda ends, bit: (bit if ends is None else ends[0], bit), 2, lambda ends: ends[0] ^ ends[1]
        ),
        TASKS["cycle-navigation"]: folded(
            0, lambda place, move: (place + (0, 1, -1)[move]) % 5, 3, lambda place: place
        ),
        type(TASKS["dyck-1"]()): brackets,
        TASKS["stack-manipulation"]: stack_of_bits,
        TASKS["modular-arithmetic-brackets"]: expressions,
        Counting: counting,
        TASKS["memorization"]: mirrored,
    }
)
"""The specification of each class of tasks that has one."""
