"""The rules and the answers of a program as rows of text, and as a graph."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neuralstack.automata._transducer import StackTransducer

NEW_LINE = r"\n"  # as Graphviz writes it


def rule_rows(program: "StackTransducer") -> list[tuple[str, str, str, str, str]]:
    """Return a row for each state and set of tokens that it treats alike (see `StackTransducer.table`)."""
    rows: dict[tuple[Any, ...], list[int]] = {}
    for state, row in enumerate(program.rules):
        for token, rule in enumerate(row):
            if rule is not None:
                new, pops, pushes = rule
                named = tuple(push_name(program, memory, kind, token) for memory, kind in enumerate(pushes))
                rows.setdefault((state, new, pops, named), []).append(token)
    return [
        (
            program.states[state],
            token_names(program.vocabulary, tokens),
            each("pop" if pop else "–" for pop in pops),
            each(named),
            program.states[new],
        )
        for (state, new, pops, named), tokens in rows.items()
    ]


def answer_rows(program: "StackTransducer") -> list[tuple[str, str]]:
    """Return a row for each set of reads with the same answer; `it` stands for the read value itself."""
    rows: dict[str, list[str]] = {}
    for read, answered in program.answers.items():
        names = [
            "nothing" if element is None else program.kinds[memory][element] for memory, element in enumerate(read)
        ]
        same = len(names) == 1 and names[0] == program.vocabulary[answered]
        rows.setdefault("it" if same else readable(program.vocabulary[answered]), []).append(each(map(readable, names)))
    return [
        (", ".join(names) if len(names) <= 4 else f"any of {len(names)} kinds", answered)
        for answered, names in rows.items()
    ]


def graph_text(program: "StackTransducer") -> str:
    """Return a program as a Graphviz graph, with one edge from a state to each next one."""
    edges: dict[tuple[str, str], list[str]] = {}
    for state, given, pops, pushes, new in rule_rows(program):
        done = ", ".join(change for change in (pops, f"push {pushes}") if change not in ("–", "push –"))
        edges.setdefault((state, new), []).append(escaped(f"{given}: {done or 'keep'}"))
    lines = ["digraph program {", "  rankdir=LR;", '  node [shape=circle, fontname="sans-serif"];']
    lines += [
        '  edge [fontname="sans-serif"];',
        '  "" [shape=point];',
        f'  "" -> "{escaped(program.states[0])}";',
    ]
    for (state, new), labels in edges.items():
        lines.append(f'  "{escaped(state)}" -> "{escaped(new)}" [label="{NEW_LINE.join(labels)}"];')
    return "\n".join([*lines, "}"]) + "\n"


def push_name(program: "StackTransducer", memory: int, kind: int | None, token: int) -> str:
    """Return a description of the pushed value."""
    if kind is None:
        return "–"
    name = program.kinds[memory][kind]
    return "it" if name == program.vocabulary[token] else readable(name)


def token_names(vocabulary: Sequence[str], tokens: Sequence[int]) -> str:
    """Return a description of a set of tokens."""
    symbols = [token for token in range(len(vocabulary)) if not is_mark(vocabulary[token])]
    if len(symbols) > 4 and set(symbols) <= set(tokens):
        return ", ".join(["any symbol", *(readable(vocabulary[token]) for token in tokens if token not in symbols)])
    names = [readable(vocabulary[token]) for token in tokens]
    return " ".join(names) if len(names) <= 8 else f"{len(names)} tokens, {' '.join(names[:4])} ..."


def each(parts: Iterable[str]) -> str:
    """Join the descriptions of the memories."""
    return " | ".join(parts)


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
