"""A finite program that acts on stacks and queues, as extracted from a hardened machine, in plain Python.

It needs neither JAX nor any other library.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from neuralstack._files import read_bounded
from neuralstack._html import html_table
from neuralstack.automata._check import check_program
from neuralstack.automata._choice import Choice, Reads
from neuralstack.automata._layout import Layout
from neuralstack.automata._minimal import minimal
from neuralstack.automata._program_file import to_parts, to_text
from neuralstack.automata._size import program_bits
from neuralstack.automata._tables import answer_columns, answer_rows, graph_text, kind_name, rule_columns, rule_rows

MOST_ROWS = 30  # of the tables for notebooks


@dataclass(frozen=True, repr=False)
class StackTransducer:
    """States, a rule for each state and token, and answers for each state.

    At each step the rule for the state, the input token and what the memories show says what to pop from and push to
    each memory, and which state is next. A memory shows the top of a stack, the front of a queue, or nothing if it is
    empty. The state and what the memories then show determine the answer. Every pushed value has a kind; nothing
    distinguishes values of the same kind. Without memories, it is a finite automaton.

    Examples:
        Answer whether the token was a 1:

        >>> from neuralstack.automata import Choice, always
        >>> program = StackTransducer(
        ...     vocabulary=("0", "1"),
        ...     memories=("stack",),
        ...     states=("push",),
        ...     kinds=(("zero", "one"),),
        ...     rules=((always((0, (True,), (0,))), always((0, (True,), (1,)))),),
        ...     answers=(Choice((0,), {(0,): 0, (1,): 1}),),
        ... )
        >>> program.run([0, 1, 1, 0])
        [0, 1, 1, 0]

        Answer whether as many brackets were opened as closed, from what is on top before each token:

        >>> opened, closed = (0, (False,), (0,)), (0, (True,), (None,))
        >>> program = StackTransducer(
        ...     vocabulary=("(", ")", "no", "yes"),
        ...     memories=("stack",),
        ...     states=("balanced", "failed"),
        ...     kinds=(("bracket",),),
        ...     rules=(
        ...         (always(opened), Choice((0,), {(None,): (1, (False,), (None,)), (0,): closed}), None, None),
        ...         (*[always((1, (False,), (None,)))] * 2, None, None),
        ...     ),
        ...     answers=(Choice((0,), {(None,): 3, (0,): 2}), always(2)),
        ... )
        >>> [program.vocabulary[answered] for answered in program.run([0, 0, 1, 1, 1])]
        ['no', 'no', 'no', 'yes', 'no']
    """

    vocabulary: tuple[str, ...]
    """Text of each token."""
    memories: tuple[str, ...]
    """Kind of each memory, `stack` or `queue`."""
    states: tuple[str, ...]
    """A name for each state. The first state is that before the first step."""
    kinds: tuple[tuple[str, ...], ...]
    """For each memory, a name for each kind of pushed value."""
    rules: tuple[tuple[Choice | None, ...], ...]
    """For each state and token, a choice of the next state and, for each memory, whether it is popped and the kind that
    is pushed, if any. None where the task never asks for the rule."""
    answers: tuple[Choice, ...]
    """For each state, a choice of the answer by what the memories show after the step. It lacks what the task never
    asks for."""
    layout: Layout | None = None
    """The places of source and answer in the sequence of tokens, which `answer` needs. None if they are not known."""

    def __repr__(self) -> str:
        states, memories = ", ".join(self.states[:8]), ", ".join(self.memories)
        more = ", ..." if len(self.states) > 8 else ""
        counts = f"{len(self.states)} states ({states}{more}), {len(self.vocabulary)} tokens"
        return f"StackTransducer({counts}, memories {memories})"

    def _repr_html_(self) -> str:
        rules = html_table(rule_columns(self), self.table(), repr(self), most=MOST_ROWS)
        return rules + html_table(answer_columns(self), self.answer_table(), most=MOST_ROWS)

    def run(self, tokens: Iterable[int]) -> list[int | None]:
        """Return the answer after each token, None where the task never asks for one.

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

    def steps(self, tokens: Iterable[int]) -> Iterator[tuple[int, int | None]]:
        """Yield the state and the answer after each token.

        Raises:
            ValueError: If a token has no rule in the state that the program is in.
        """
        for state, _, shown in self.actions(tokens):
            yield state, self.answers[state].of(shown)

    def actions(self, tokens: Iterable[int]) -> Iterator[tuple[int, Reads, Reads]]:
        """Yield the state after each token, the kind pushed to each memory, if any, and what the memories then show.

        Raises:
            ValueError: If a token has no rule in the state that the program is in.
        """
        state, held = 0, [deque() for _ in self.memories]
        ends = [-1 if kind == "stack" else 0 for kind in self.memories]
        shown: Reads = (None,) * len(held)
        for token in tokens:
            choice = self.rules[state][token]
            action = choice and choice.of(shown)
            if action is None:
                raise ValueError(self.missing_rule(state, token, shown if choice else ()))
            state, pops, pushes = action
            for memory, kind, pop, push in zip(held, self.memories, pops, pushes, strict=True):
                if pop and memory:
                    memory.pop() if kind == "stack" else memory.popleft()
                if push is not None:
                    memory.append(push)
            shown = tuple(memory[end] if memory else None for memory, end in zip(held, ends, strict=True))
            yield state, pushes, shown

    def missing_rule(self, state: int, token: int, shown: Reads) -> str:
        """Return a description of a rule that the program does not have."""
        names = [repr(kind_name(self, memory, kind)) for memory, kind in enumerate(shown)]
        on_top = f" with {' and '.join(names)} on top" if names else ""
        return (
            f"the program has no rule for {self.vocabulary[token]!r} in its state {self.states[state]!r}{on_top}: "
            "the task that it was extracted on never asks for one."
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
        answered: list[int | None] = []
        first, longest = layout.first_answer(len(source)), layout.longest_answer(len(source))

        def given() -> Iterator[int]:
            yield from layout.prompt(source)
            while layout.end is not None and answered[-1] != layout.end:
                if len(answered) - first > longest:
                    raise ValueError(f"the program did not end its answer within {longest} symbols.")
                if (last := answered[-1]) is not None:
                    yield last

        for _, token in self.steps(given()):
            if token is None and len(answered) >= first:
                raise ValueError("the program has no answer here: the task that it was extracted on asks for none.")
            answered.append(token)
        return [token for token in answered[first : len(answered) - (layout.end is not None)] if token is not None]

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
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            raise ValueError(
                f"{str(path)!r} is not a program: it must be a file written by `neuralstack harden`; run that command."
            ) from None
        return program

    def table(self) -> list[tuple[str, ...]]:
        """Return a row for each state and set of tokens that it treats alike: state, token, pop, push and next state.

        If any rule depends on what the memories show, a third cell says on what. A pushed value is called `it` if it
        has the name of the input token.
        """
        return rule_rows(self)

    def answer_table(self) -> list[tuple[str, ...]]:
        """Return a row for each set of reads with the same answer; `it` stands for the read value itself.

        If the answers of states differ, a first cell names the states.
        """
        return answer_rows(self)

    def graph(self) -> str:
        """Return the program as a Graphviz graph, with one edge from a state to each next one."""
        return graph_text(self)
