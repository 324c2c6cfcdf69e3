"""A program in its smallest form as plain numbered tables, from which every language writes it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from neuralstack.automata._choice import Choice, combinations
from neuralstack.automata._layout import Layout
from neuralstack.automata._tables import answer_columns, readable, rule_columns
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
    views: list[list[int]]
    """Ways to look at the memories, each a factor for what each of them shows: 0 for nothing and 1 + the value. The sum
    of the products is the place of a rule or an answer, counted from the first one."""
    rules: list[list[int]]
    """The next state and, for each memory, 1 for a pop and the value that is pushed."""
    first_rule: list[list[int]]
    """For each state and token, the place of the first rule."""
    rule_views: list[list[int]]
    """For each state and token, the view that leads from there to the others."""
    answers: list[int]
    """Answered tokens."""
    first_answer: list[int]
    """For each state, the place of the first answer."""
    answer_views: list[int]
    """For each state, the view that leads from there to the others."""

    @property
    def is_spelled(self) -> bool:
        """Whether every symbol is one character, so that there are no spaces between them."""
        return all(len(word) == 1 for word in self.program.vocabulary[: self.layout.symbols])

    def summary(self) -> list[str]:
        """Return lines about the program: each ends in a full stop or a bar, and none has a control character."""
        program, marks = self.program, [readable(self.program.vocabulary[mark]) for mark in self.layout.marks]
        count = len(program.states)
        return [
            f"A program of {count} {'state' if count == 1 else 'states'} {with_memories(program.memories)}, "
            "which neuralstack found in a",
            "trained network. It answers sources of any length.",
            "",
            *bars(rule_columns(program), program.table()),
            "",
            "After each step, it reads the top of a stack, the front of a queue, or nothing, and answers.",
            "",
            *bars(answer_columns(program), program.answer_table()),
            "",
            '"it" is the symbol that is given, or that is read.',
            SENTENCES[self.layout.form].format(*marks),
            f"Written down, the program takes {program.bits} bits.",
        ]


def with_memories(memories: Sequence[str]) -> str:
    """Return which memories a program has.

    Examples:
        >>> with_memories(("stack", "queue")), with_memories(())
        ('with a stack and a queue', 'without a memory')
    """
    return f"with a {' and a '.join(memories)}" if memories else "without a memory"


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

    layout_of_rules, layout_of_answers = Places(program), Places(program)
    for row in program.rules:
        for choice in row:
            layout_of_rules.add(choice, lambda action: [action[0], *flat(action[1], action[2])], missing_rule(program))
    for choice in program.answers:
        layout_of_answers.add(choice, lambda token: token, -1)
    tokens = len(program.vocabulary)
    views = list(dict.fromkeys([*layout_of_rules.views, *layout_of_answers.views]))
    rule_views = [views.index(view) for view in layout_of_rules.views]
    return Description(
        program,
        program.layout,
        [list(view) for view in views],
        layout_of_rules.outcomes,
        by_rows(layout_of_rules.firsts, tokens),
        by_rows(rule_views, tokens),
        layout_of_answers.outcomes,
        layout_of_answers.firsts,
        [views.index(view) for view in layout_of_answers.views],
    )


class Places:
    """The outcomes of choices in one list, in which equal ones share their places."""

    def __init__(self, program: StackTransducer):
        self.sizes = [len(kinds) for kinds in program.kinds]
        self.outcomes: list[Any] = []
        self.firsts: list[int] = []
        self.views: list[tuple[int, ...]] = []
        self._known: dict[Any, int] = {}

    def add(self, choice: Choice | None, entry: Callable[[Any], Any], missing: Any) -> None:
        """Add the outcomes of a choice, in the order of the reads; that of the last memory changes first."""
        sees, cases = choice or Choice((), {})
        shown = [cases.get(reads) for reads in combinations(sees, self.sizes)]
        entries = [missing if outcome is None else entry(outcome) for outcome in shown]
        factors = [0] * len(self.sizes)
        for place, memory in enumerate(sees):
            factors[memory] = math.prod(1 + self.sizes[later] for later in sees[place + 1 :])
        if repr(entries) not in self._known:
            self._known[repr(entries)] = len(self.outcomes)
            self.outcomes += entries
        self.firsts.append(self._known[repr(entries)])
        self.views.append(tuple(factors))


def flat(pops: Sequence[bool], pushes: Sequence[int | None]) -> list[int]:
    """Return the pop and the push of each memory as numbers."""
    pairs = ((int(pop), -1 if push is None else push) for pop, push in zip(pops, pushes, strict=True))
    return [number for pair in pairs for number in pair]


def missing_rule(program: StackTransducer) -> list[int]:
    """Return what stands where there is no rule."""
    return [-1, *[0, -1] * len(program.memories)]


def by_rows(entries: Sequence[int], width: int) -> list[list[int]]:
    """Return entries in rows."""
    return [list(entries[start : start + width]) for start in range(0, len(entries), width)]
