"""The rules and the answers of a program as rows of text, and as a graph."""

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from neuralstack.automata._choice import Choice, Reads

if TYPE_CHECKING:
    from neuralstack.automata._transducer import StackTransducer

NEW_LINE = r"\n"  # as Graphviz writes it


def rule_rows(program: "StackTransducer") -> list[tuple[str, ...]]:
    """Return a row for each state and set of tokens that it treats alike (see `StackTransducer.table`)."""
    return [row for row, _ in rule_groups(program)]


def rule_groups(program: "StackTransducer") -> list[tuple[tuple[str, ...], list[tuple[int, int, Reads]]]]:
    """Return each row of `StackTransducer.table` with the rules that it stands for.

    A rule is given by its state, its token, and what is shown by the memories that its choice sees.

    Examples:
        >>> from neuralstack.automata import Choice, StackTransducer, always
        >>> even, odd = always((0, (), ())), always((1, (), ()))
        >>> answers = (Choice((), {(): 0}), Choice((), {(): 1}))
        >>> parity = StackTransducer(("0", "1"), (), ("even", "odd"), (), ((even, odd), (odd, even)), answers)
        >>> rule_groups(parity)[0]
        (('even', '0', '–', '–', 'even'), [(0, 0, ())])
    """
    groups: dict[tuple[Any, ...], dict[int, list[Reads]]] = {}
    for state, row in enumerate(program.rules):
        for token, choice in enumerate(row):
            for (new, pops, pushes), boxes in outcomes(program, choice):
                named = tuple(push_name(program, memory, kind, token) for memory, kind in enumerate(pushes))
                for text, shown in boxes:
                    groups.setdefault((state, text, new, pops, named), {}).setdefault(token, []).extend(shown)
    sees = any(choice is not None and choice.sees for row in program.rules for choice in row)
    return [
        (
            (
                program.states[state],
                token_names(program.vocabulary, [*of]),
                *([text] if sees else []),
                each("pop" if pop else "–" for pop in pops) or "–",
                each(named) or "–",
                program.states[new],
            ),
            [(state, token, reads) for token, shown in of.items() for reads in shown],
        )
        for (state, text, new, pops, named), of in groups.items()
    ]


def rule_columns(program: "StackTransducer") -> tuple[str, ...]:
    """Return the heading of each column of `rule_rows`."""
    sees = any(choice is not None and choice.sees for row in program.rules for choice in row)
    return ("state", "given", *(["on top"] if sees else []), "pop", "push", "next state")


def answer_rows(program: "StackTransducer") -> list[tuple[str, ...]]:
    """Return a row for each set of reads with the same answer; `it` stands for the read value itself."""
    states: dict[Any, list[str]] = {}
    for name, choice in zip(program.states, program.answers, strict=True):
        if choice.cases:
            states.setdefault((choice.sees, tuple(choice.cases.items())), []).append(name)
    rows = []
    for (sees, cases), names in states.items():
        of: dict[str, list[str]] = {}
        for reads, answered in cases:
            texts = [kind_name(program, memory, kind) for memory, kind in zip(sees, reads, strict=True)]
            same = len(texts) == 1 and texts[0] == program.vocabulary[answered]
            reads = reads_name(program, Choice(sees, {}), [{kind} for kind in reads])
            of.setdefault("it" if same else readable(program.vocabulary[answered]), []).append(reads)
        first = [", ".join(names)] if len(states) > 1 else []
        rows += [(*first, few(texts), answered) for answered, texts in of.items()]
    return rows


def answer_columns(program: "StackTransducer") -> tuple[str, ...]:
    """Return the heading of each column of `answer_rows`."""
    different = {(choice.sees, tuple(choice.cases.items())) for choice in program.answers if choice.cases}
    return (*(["state"] if len(different) > 1 else []), "it reads", "answer")


def outcomes(program: "StackTransducer", choice: Choice | None) -> list[tuple[Any, list[tuple[str, list[Reads]]]]]:
    """Return each outcome of a choice with what the memories show, as text too; together for reads that form a box."""
    found: dict[Any, list[Reads]] = {}
    for reads, outcome in ({} if choice is None else choice.cases).items():
        found.setdefault(outcome, []).append(reads)
    described = []
    for outcome, shown in found.items():
        assert choice is not None
        sets = [set(column) for column in zip(*shown, strict=True)]
        is_box = math.prod(map(len, sets)) == len(shown)
        boxes = [(sets, shown)] if is_box else [([{kind} for kind in reads], [reads]) for reads in shown]
        described.append((outcome, [(reads_name(program, choice, box), of) for box, of in boxes]))
    return described


def reads_name(program: "StackTransducer", choice: Choice, box: Sequence[set[int | None]]) -> str:
    """Return a description of what the memories show: any of some kinds in each memory that matters."""
    if len(choice.sees) == 0:
        return "anything"
    shown: list[str] = []
    for memory, kinds in enumerate(program.kinds):
        if memory not in choice.sees:
            shown.append("anything")
            continue
        some = box[choice.sees.index(memory)]
        if len(some) > len(kinds):
            shown.append("anything")
        elif len(some) == len(kinds) > 1 and None not in some:
            shown.append("something")
        else:
            shown.append(few([readable(kind_name(program, memory, kind)) for kind in sorted(some, key=rank)]))
    return each(shown)


def rank(kind: int | None) -> int:
    """Return the place of a kind among others, an empty memory first."""
    return -1 if kind is None else kind


def kind_name(program: "StackTransducer", memory: int, kind: int | None) -> str:
    """Return the name of a kind of value, or of none."""
    return "nothing" if kind is None else program.kinds[memory][kind]


def few(texts: Sequence[str]) -> str:
    """Join some texts, or count them."""
    return ", ".join(texts) if len(texts) <= 4 else f"any of {len(texts)} kinds"


def graph_text(program: "StackTransducer") -> str:
    """Return a program as a Graphviz graph, with one edge from a state to each next one."""
    edges: dict[tuple[str, str], list[str]] = {}
    for state, given, *shown, pops, pushes, new in rule_rows(program):
        done = ", ".join(change for change in (pops, f"push {pushes}") if change not in ("–", "push –"))
        on_top = "".join(f" [{text}]" for text in shown if text != "anything")
        edges.setdefault((state, new), []).append(escaped(f"{given}{on_top}: {done or 'keep'}"))
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
