"""Checks that a program is complete and refers only to what it has, before it is written out or after it is read."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from neuralstack.automata._choice import Choice
from neuralstack.automata._layout import FORMS, Layout

if TYPE_CHECKING:
    from neuralstack.automata._transducer import StackTransducer

MEMORIES = "stack", "queue"


def check_program(program: "StackTransducer") -> None:
    """Check that a program has rules and answers for each state, and no number out of range.

    Raises:
        ValueError: If it does not; the message says what is wrong.
    """
    names = [program.vocabulary, program.states, *program.kinds]
    if not all(isinstance(name, str) for some in names for name in some):
        raise ValueError("the names of a program's tokens, states and values must be texts.")
    if not program.states or not program.vocabulary or len(set(program.states)) < len(program.states):
        raise ValueError("a program needs states with different names, and tokens.")
    if len(program.kinds) != len(program.memories) or not set(program.memories) <= set(MEMORIES):
        raise ValueError(f"each memory of a program must be a {' or a '.join(MEMORIES)}, with the kinds of its values.")
    if len(program.rules) != len(program.states):
        raise ValueError(f"a program of {len(program.states)} states needs as many rows of rules.")
    for state, row in zip(program.states, program.rules, strict=True):
        if len(row) != len(program.vocabulary) or not all(
            rule is None or (rule.cases and is_choice(program, rule, is_action)) for rule in row
        ):
            raise ValueError(f"the rules of the state {state!r} do not fit the program's tokens, states and memories.")
    if len(program.answers) != len(program.states) or not all(
        is_choice(program, choice, is_token) for choice in program.answers
    ):
        raise ValueError("a program needs answers for each state, each one of its tokens for what its memories show.")
    if program.layout is not None:
        check_layout(program.layout, program.vocabulary)


def is_choice(program: "StackTransducer", choice: Choice, is_outcome: Callable[[Any, Any], bool]) -> bool:
    """Return whether a choice fits the memories of a program, and its outcomes do."""
    sees = choice.sees
    if not all(is_below(memory, len(program.memories)) for memory in sees) or list(sees) != sorted(set(sees)):
        return False
    sizes = [len(program.kinds[memory]) for memory in sees]
    return all(
        len(reads) == len(sees)
        and all(kind is None or is_below(kind, size) for kind, size in zip(reads, sizes, strict=True))
        and is_outcome(program, outcome)
        for reads, outcome in choice.cases.items()
    )


def is_token(program: "StackTransducer", answered: object) -> bool:
    """Return whether an answer is one of a program's tokens."""
    return is_below(answered, len(program.vocabulary))


def is_action(program: "StackTransducer", action: Any) -> bool:
    """Return whether an action fits the states and the memories of a program."""
    new, pops, pushes = action
    count = len(program.memories)
    if not is_below(new, len(program.states)) or len(pops) != count or len(pushes) != count:
        return False
    pushed = zip(pushes, program.kinds, strict=True)
    return all(type(pop) is bool for pop in pops) and all(
        kind is None or is_below(kind, len(kinds)) for kind, kinds in pushed
    )


def is_below(number: object, count: int) -> bool:
    """Return whether an object is one of the first whole numbers."""
    return type(number) is int and 0 <= number < count


def check_layout(layout: Layout, vocabulary: tuple[str, ...]) -> None:
    """Check that a layout fits a vocabulary.

    Raises:
        ValueError: If it does not.
    """
    if layout.form not in FORMS:
        raise ValueError(f"a layout's form must be one of {', '.join(FORMS)}, got {layout.form!r}.")
    numbers = [layout.symbols, layout.growth, *layout.answer_lengths]
    if not layout.answer_lengths or not all(type(number) is int for number in numbers):
        raise ValueError("a layout needs whole numbers, and at least one length of an answer.")
    if not 1 <= layout.symbols <= len(vocabulary) - FORMS[layout.form]:
        raise ValueError(f"a layout must have its symbols and marks among the {len(vocabulary)} tokens.")
    if len(set(vocabulary[: layout.symbols])) < layout.symbols:
        raise ValueError("the symbols of a program must have different texts.")
    if min(map(layout.answer_length, range(1, len(layout.answer_lengths) + 1))) < 0 or layout.growth < 0:
        raise ValueError("the length of an answer must not be negative.")
