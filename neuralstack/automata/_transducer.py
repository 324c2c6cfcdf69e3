"""A finite program that acts on stacks and queues, as extracted from a hardened machine, in plain Python.

It needs neither JAX nor any other library.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neuralstack._files import read_bounded
from neuralstack._html import html_table
from neuralstack.automata._check import check_program
from neuralstack.automata._layout import Layout
from neuralstack.automata._minimal import minimal
from neuralstack.automata._program_file import to_parts, to_text
from neuralstack.automata._size import program_bits
from neuralstack.automata._tables import answer_rows, graph_text, rule_rows

MOST_ROWS = 30  # of the tables for notebooks


@dataclass(frozen=True, repr=False)
class StackTransducer:
    """States, a rule for each state and token, and an answer for each combination of reads.

    At each step the rule for the state and the input token says what to pop from and push to each memory; then the
    memories are read. The reads determine the answer: the top of a stack, the front of a queue, or nothing if it is
    empty. Every pushed value has a kind; no answer distinguishes values of the same kind.

    Examples:
        Answer whether the token was a 1:

        >>> program = StackTransducer(
        ...     vocabulary=("0", "1"),
        ...     memories=("stack",),
        ...     states=("push",),
        ...     kinds=(("zero", "one"),),
        ...     rules=(((0, (True,), (0,)), (0, (True,), (1,))),),
        ...     answers={(None,): 0, (0,): 0, (1,): 1},
        ... )
        >>> program.run([0, 1, 1, 0])
        [0, 1, 1, 0]
    """

    vocabulary: tuple[str, ...]
    """Text of each token."""
    memories: tuple[str, ...]
    """Kind of each memory, `stack` or `queue`."""
    states: tuple[str, ...]
    """A name for each state. The first state is that before the first step."""
    kinds: tuple[tuple[str, ...], ...]
    """For each memory, a name for each kind of pushed value."""
    rules: tuple[tuple[Any, ...], ...]
    """For each state and token, the next state and, for each memory, whether it is popped and the kind that is pushed,
    if any. None where the task never asks for the rule."""
    answers: dict[tuple[int | None, ...], int]
    """The answer for each combination of reads, None standing for an empty memory."""
    layout: Layout | None = None
    """The places of source and answer in the sequence of tokens, which `answer` needs. None if they are not known."""

    def __repr__(self) -> str:
        states, memories = ", ".join(self.states[:8]), ", ".join(self.memories)
        more = ", ..." if len(self.states) > 8 else ""
        counts = f"{len(self.states)} states ({states}{more}), {len(self.vocabulary)} tokens"
        return f"StackTransducer({counts}, memories {memories})"

    def _repr_html_(self) -> str:
        rules = html_table(("state", "given", "pop", "push", "next state"), self.table(), repr(self), most=MOST_ROWS)
        return rules + html_table(("it reads", "answer"), self.answer_table(), most=MOST_ROWS)

    def run(self, tokens: Iterable[int]) -> list[int]:
        """Return the answer after each token.

        Raises:
            ValueError: If a token has no rule in the state that the program is in.
        """
        return [answered for _, answered in self.steps(tokens)]

    def walk(self, tokens: Iterable[int]) -> list[str]:
        """Return the name of the state after each token.

        Raises:
            ValueError: If a token has no rule in the state that the program is in.
        """
        return [self.states[state] for state, _ in self.steps(tokens)]

    def steps(self, tokens: Iterable[int]) -> Iterator[tuple[int, int]]:
        """Yield the state and the answer after each token.

        Raises:
            ValueError: If a token has no rule in the state that the program is in.
        """
        state, held = 0, [deque() for _ in self.memories]
        ends = [-1 if kind == "stack" else 0 for kind in self.memories]
        for token in tokens:
            rule = self.rules[state][token]
            if rule is None:
                raise ValueError(
                    f"the program has no rule for {self.vocabulary[token]!r} in its state {self.states[state]!r}: "
                    "the task that it was extracted on never asks for one."
                )
            state, pops, pushes = rule
            for memory, kind, pop, push in zip(held, self.memories, pops, pushes, strict=True):
                if pop and memory:
                    memory.pop() if kind == "stack" else memory.popleft()
                if push is not None:
                    memory.append(push)
            yield (
                state,
                self.answers[tuple(memory[end] if memory else None for memory, end in zip(held, ends, strict=True))],
            )

    def answer(self, source: Sequence[int]) -> list[int]:
        """Return the answer to a source, both as symbols: what `predict` returns for the machine.

        Raises:
            ValueError: If the program has no layout, the source is empty or has what is not a symbol, a token has no
                rule, or the answer does not end.
        """
        layout = self.layout
        if layout is None:
            raise ValueError("the program does not know how source and answer lie in a sequence: extract it again.")
        if not source or not all(0 <= token < layout.symbols for token in source):
            raise ValueError(f"a source needs at least one symbol, each in 0..{layout.symbols - 1}.")
        answered: list[int] = []
        first, longest = layout.first_answer(len(source)), layout.longest_answer(len(source))

        def given() -> Iterator[int]:
            yield from layout.prompt(source)
            while layout.end is not None and answered[-1] != layout.end:
                if len(answered) - first > longest:
                    raise ValueError(f"the program did not end its answer within {longest} symbols.")
                yield answered[-1]

        for _, token in self.steps(given()):
            answered.append(token)
        return answered[first : len(answered) - (layout.end is not None)]

    def minimal(self) -> "StackTransducer":
        """Return the program that does the same with as few states and kinds of values as possible, in a fixed order.

        All programs that differ only in how states and values are numbered and named have the same smallest form.

        Raises:
            ValueError: If the program is not complete.
        """
        return minimal(self)

    @property
    def bits(self) -> int:
        """Number of bits that it takes to write the program down in its smallest form."""
        return program_bits(self)

    def to_json(self) -> str:
        """Return the program as JSON, which `load` reads from a file."""
        return to_text(self)

    @classmethod
    def load(cls, path: str | Path) -> "StackTransducer":
        """Read a program from a file.

        Raises:
            ValueError: If the file does not hold a program.
        """
        try:
            program = cls(**to_parts(read_bounded(Path(path))))
            check_program(program)
        except (OSError, ValueError, TypeError, KeyError):
            raise ValueError(
                f"{str(path)!r} is not a program: it must be a file written by `neuralstack harden`; run that command."
            ) from None
        return program

    def table(self) -> list[tuple[str, str, str, str, str]]:
        """Return a row for each state and set of tokens that it treats alike: state, token, pop, push and next state.

        A pushed value is called `it` if it is answered as the input token.
        """
        return rule_rows(self)

    def answer_table(self) -> list[tuple[str, str]]:
        """Return a row for each set of reads with the same answer; `it` stands for the read value itself."""
        return answer_rows(self)

    def graph(self) -> str:
        """Return the program as a Graphviz graph, with one edge from a state to each next one."""
        return graph_text(self)
