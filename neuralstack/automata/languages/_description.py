"""A program in its smallest form as plain numbered tables, from which every language writes it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from neuralstack.automata._layout import Layout
from neuralstack.automata._tables import readable
from neuralstack.automata._transducer import StackTransducer

SENTENCES = {
    "autoregressive": "It is given {0}, the source, {1}, and then each symbol that it answers, until it answers {2}.",
    "query": "It is given the source, then {0} for each symbol of the answer.",
    "synchronous": "It is given the source, and answers each of its symbols at once.",
}


@dataclass(frozen=True)
class Description:
    """The tables of a program, in which -1 stands for nothing, and a summary for humans."""

    program: StackTransducer
    """The program in its smallest form."""
    layout: Layout
    next_states: list[list[int]]
    """For each state and token, the next state."""
    pops: list[list[list[int]]]
    """For each memory, state and token, 1 for a pop."""
    pushes: list[list[list[int]]]
    """For each memory, state and token, the pushed value."""
    answers: list[int]
    """The answered token for each combination of reads. A read is 0 for nothing and 1 + the value; that of the last
    memory changes first."""

    @property
    def is_spelled(self) -> bool:
        """Whether every symbol is one character, so that there are no spaces between them."""
        return all(len(word) == 1 for word in self.program.vocabulary[: self.layout.symbols])

    def summary(self) -> list[str]:
        """Return lines about the program: each ends in a full stop or a bar, and none has a control character."""
        program, marks = self.program, [readable(self.program.vocabulary[mark]) for mark in self.layout.marks]
        count = len(program.states)
        return [
            f"A program of {count} {'state' if count == 1 else 'states'} with a {' and a '.join(program.memories)}, "
            "which neuralstack found in a",
            "trained network. It answers sources of any length.",
            "",
            *bars(("state", "given", "pop", "push", "next state"), program.table()),
            "",
            "After each step, it reads the top of a stack, the front of a queue, or nothing, and answers.",
            "",
            *bars(("it reads", "answer"), program.answer_table()),
            "",
            '"it" is the symbol that is given, or that is read.',
            SENTENCES[self.layout.form].format(*marks),
            f"Written down, the program takes {program.bits} bits.",
        ]


def bars(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table whose cells stand between bars."""
    cells = [heading, ["-" * len(name) for name in heading], *rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in cells]


def describe(program: StackTransducer) -> Description:
    """Return the description of a program.

    Raises:
        ValueError: If the program is not complete, its layout is not known, or a token cannot be written.
    """
    program = program.minimal()
    if program.layout is None:
        raise ValueError("the program does not know how source and answer lie in a sequence: extract it again.")
    for word in program.vocabulary:
        if any("\ud800" <= character <= "\udfff" for character in word):
            raise ValueError(f"the token {word!r} is no text that can be written in UTF-8: train with other symbols.")

    def table(entry: Callable[[Any], int], missing: int) -> list[list[int]]:
        return [[missing if rule is None else entry(rule) for rule in row] for row in program.rules]

    def popped(memory: int) -> list[list[int]]:
        return table(lambda rule: int(rule[1][memory]), 0)

    def pushed(memory: int) -> list[list[int]]:
        return table(lambda rule: -1 if rule[2][memory] is None else rule[2][memory], -1)

    memories = range(len(program.memories))
    return Description(
        program,
        program.layout,
        table(lambda rule: rule[0], -1),
        [popped(memory) for memory in memories],
        [pushed(memory) for memory in memories],
        list(program.answers.values()),
    )
