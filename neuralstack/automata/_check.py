"""Checks that a program is complete and refers only to what it has, before it is written out or after it is read."""

from itertools import product
from typing import TYPE_CHECKING

from neuralstack.automata._layout import FORMS, Layout

if TYPE_CHECKING:
    from neuralstack.automata._transducer import StackTransducer

MEMORIES = "stack", "queue"


def check_program(program: "StackTransducer") -> None:
    """Check that a program has a row of rules for each state, an answer for each read, and no number out of range.

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
        if len(row) != len(program.vocabulary) or not all(rule is None or is_rule(program, *rule) for rule in row):
            raise ValueError(f"the rules of the state {state!r} do not fit the program's tokens, states and memories.")
    reads = product(*([None, *range(len(kinds))] for kinds in program.kinds))
    if not all(is_below(program.answers.get(read), len(program.vocabulary)) for read in reads):
        raise ValueError("a program needs an answer, one of its tokens, for each combination of reads.")
    if program.layout is not None:
        check_layout(program.layout, program.vocabulary)


def is_rule(program: "StackTransducer", new: object, pops: tuple, pushes: tuple) -> bool:
    """Return whether a rule fits the states and the memories of a program."""
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
