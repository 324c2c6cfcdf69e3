"""A finite program that acts on stacks and queues, as extracted from a hardened machine, in plain Python.

It needs neither JAX nor any other library.
"""

import json
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from neuralstack._files import read_bounded
from neuralstack._html import html_table
from neuralstack._json import parse_json

MOST_ROWS = 30  # of the tables for notebooks
FORMAT = "neuralstack-program-1"
NEW_LINE = r"\n"  # as Graphviz writes it


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

    def to_json(self) -> str:
        """Return the program as JSON, which `load` reads from a file."""
        content = {
            "format": FORMAT,
            **asdict(self),
            "answers": [[*read, answered] for read, answered in self.answers.items()],
        }
        return json.dumps(content) + "\n"

    @classmethod
    def load(cls, path: str | Path) -> "StackTransducer":
        """Read a program from a file.

        Raises:
            ValueError: If the file does not hold a program.
        """
        try:
            content = parse_json(read_bounded(Path(path)))
            if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
                raise ValueError
            answers = {tuple(read): answered for *read, answered in content.pop("answers")}
            rules = tuple(tuple(rule and as_rule(*rule) for rule in row) for row in content.pop("rules"))
            kinds = tuple(map(tuple, content.pop("kinds")))
            return cls(
                **{name: tuple(entries) for name, entries in content.items()}, kinds=kinds, rules=rules, answers=answers
            )
        except (OSError, ValueError, TypeError, KeyError):
            raise ValueError(
                f"{str(path)!r} is not a program: it must be a file written by `neuralstack harden`; run that command."
            ) from None

    def table(self) -> list[tuple[str, str, str, str, str]]:
        """Return a row for each state and set of tokens that it treats alike: state, token, pop, push and next state.

        A pushed value is called `it` if it is answered as the input token.
        """
        rows: dict[tuple[Any, ...], list[int]] = {}
        for state, row in enumerate(self.rules):
            for token, rule in enumerate(row):
                if rule is not None:
                    new, pops, pushes = rule
                    named = tuple(self.push_name(memory, kind, token) for memory, kind in enumerate(pushes))
                    rows.setdefault((state, new, pops, named), []).append(token)
        return [
            (
                self.states[state],
                self.token_names(tokens),
                self.each("pop" if pop else "–" for pop in pops),
                self.each(named),
                self.states[new],
            )
            for (state, new, pops, named), tokens in rows.items()
        ]

    def answer_table(self) -> list[tuple[str, str]]:
        """Return a row for each set of reads with the same answer; `it` stands for the read value itself."""
        rows: dict[str, list[str]] = {}
        for read, answered in self.answers.items():
            names = [
                "nothing" if element is None else self.kinds[memory][element] for memory, element in enumerate(read)
            ]
            same = len(names) == 1 and names[0] == self.vocabulary[answered]
            rows.setdefault("it" if same else readable(self.vocabulary[answered]), []).append(
                self.each(map(readable, names))
            )
        return [
            (", ".join(names) if len(names) <= 4 else f"any of {len(names)} kinds", answered)
            for answered, names in rows.items()
        ]

    def graph(self) -> str:
        """Return the program as a Graphviz graph, with one edge from a state to each next one."""
        edges: dict[tuple[str, str], list[str]] = {}
        for state, given, pops, pushes, new in self.table():
            done = ", ".join(change for change in (pops, f"push {pushes}") if change not in ("–", "push –"))
            edges.setdefault((state, new), []).append(escaped(f"{given}: {done or 'keep'}"))
        lines = ["digraph program {", "  rankdir=LR;", '  node [shape=circle, fontname="sans-serif"];']
        lines += [
            '  edge [fontname="sans-serif"];',
            "  start [shape=point];",
            f'  start -> "{escaped(self.states[0])}";',
        ]
        for (state, new), labels in edges.items():
            lines.append(f'  "{escaped(state)}" -> "{escaped(new)}" [label="{NEW_LINE.join(labels)}"];')
        return "\n".join([*lines, "}"]) + "\n"

    def push_name(self, memory: int, kind: int | None, token: int) -> str:
        """Return a description of the pushed value."""
        if kind is None:
            return "–"
        name = self.kinds[memory][kind]
        return "it" if name == self.vocabulary[token] else readable(name)

    def token_names(self, tokens: Sequence[int]) -> str:
        """Return a description of a set of tokens."""
        symbols = [token for token in range(len(self.vocabulary)) if not is_mark(self.vocabulary[token])]
        if len(symbols) > 4 and set(symbols) <= set(tokens):
            return ", ".join(["any symbol", *(self.vocabulary[token] for token in tokens if token not in symbols)])
        names = [readable(self.vocabulary[token]) for token in tokens]
        return " ".join(names) if len(names) <= 8 else f"{len(names)} tokens, {' '.join(names[:4])} ..."

    @staticmethod
    def each(parts: Iterable[str]) -> str:
        """Join the descriptions of the memories."""
        return " | ".join(parts)


def as_rule(new: int, pops: list[bool], pushes: list[int | None]) -> tuple[Any, ...]:
    """Return a rule with the types that it had before it was written to JSON."""
    return new, tuple(pops), tuple(pushes)


def is_mark(word: str) -> bool:
    """Return whether a token is a mark such as `<end>`."""
    return len(word) > 2 and word.startswith("<") and word.endswith(">")


def readable(word: str) -> str:
    r"""Return a printable form of a word: a space as its sign, and a word with control characters escaped.

    Examples:
        >>> readable(" "), readable("a"), readable("\n")
        ('␣', 'a', '\\n')
    """
    return "␣" if word == " " else word if word.isprintable() else repr(word)[1:-1]


def escaped(text: str) -> str:
    """Return a text escaped for Graphviz, between quotes."""
    return text.replace("\\", "\\\\").replace('"', '\\"')
