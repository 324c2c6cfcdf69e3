"""Names of states and of values, after what a program does in them and with them."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from neuralstack.automata._choice import Choice

if TYPE_CHECKING:
    from neuralstack.automata._transducer import StackTransducer

VERBS = {(False, False): "", (True, False): "pop", (False, True): "push", (True, True): "replace"}


def name_states(program: "StackTransducer") -> tuple[str, ...]:
    """Return a name for each state: `push_source` if it pushes symbols of the source, `answer` if it answers.

    A state is named after what its rules do most often, with each memory if there are several. Repeated names are
    numbered. Without a layout, all rules count alike.
    """
    layout = program.layout
    if layout is None:
        return name_apart([doing(program, row) or "keep" for row in program.rules], "_{}")
    reading, answering = phases(program)
    names = []
    for state, row in enumerate(program.rules):
        idle = "skip" if program.memories else "read"
        does = [f"{doing(program, row[: layout.symbols]) or idle}_source"] if state in reading else []
        does += ["answer"] if state in answering else []
        names.append("_and_".join(does) or "start")
    return name_apart(names, "_{}")


def phases(program: "StackTransducer") -> tuple[set[int], set[int]]:
    """Return the states in which a program reads the source, and those in which it answers afterwards."""
    layout = program.layout
    assert layout is not None
    symbols, start = range(layout.symbols), {0}
    if layout.form == "autoregressive":
        start, turn = after(program, {0}, layout.marks[:1]), layout.marks[1:2]
        following = range(len(program.vocabulary))
    else:
        turn = following = layout.marks
    reading = closure(program, start, symbols)
    return reading, closure(program, after(program, reading, turn), following)


def after(program: "StackTransducer", states: set[int], tokens: Sequence[int]) -> set[int]:
    """Return the states to which any of some tokens leads from any of some states."""
    return {new for state in states for token in tokens for new, _, _ in actions(program.rules[state][token])}


def closure(program: "StackTransducer", states: set[int], tokens: Sequence[int]) -> set[int]:
    """Return the states that are reached from some with any number of tokens."""
    new = states
    while new:
        new = after(program, new, tokens) - states
        states = states | new
    return states


def actions(choice: Choice | None) -> list[Any]:
    """Return the actions of a rule, whatever the memories show."""
    return [] if choice is None else list(choice.cases.values())


def doing(program: "StackTransducer", rules: Sequence[Choice | None]) -> str:
    """Return the name of what rules do most often with the memories: nothing, or a verb for each."""
    kinds = program.memories
    places = [
        "" if len(kinds) == 1 else f"_{kind}" if kinds.count(kind) == 1 else f"_{kind}_{kinds[:number].count(kind) + 1}"
        for number, kind in enumerate(kinds)
    ]
    done = Counter(
        "_".join(
            verb + place
            for pop, push, place in zip(pops, pushes, places, strict=True)
            if (verb := VERBS[bool(pop), push is not None])
        )
        for rule in rules
        for _, pops, pushes in actions(rule)
    )
    return done.most_common(1)[0][0] if done else ""


def name_kinds(program: "StackTransducer") -> tuple[tuple[str, ...], ...]:
    """Return a name for each kind of value: the answer to it, or the token at which it is pushed."""
    answered = [[set[int]() for _ in kinds] for kinds in program.kinds]
    pushed = [[set[int]() for _ in kinds] for kinds in program.kinds]
    for choice in program.answers:
        for reads, token in choice.cases.items():
            for memory, kind in zip(choice.sees, reads, strict=True):
                if kind is not None:
                    answered[memory][kind].add(token)
    for row in program.rules:
        for token, choice in enumerate(row):
            for _, _, pushes in actions(choice):
                for memory, kind in enumerate(pushes):
                    if kind is not None:
                        pushed[memory][kind].add(token)

    return tuple(name_apart(names_of(program, *of)) for of in zip(answered, pushed, strict=True))


def names_of(program: "StackTransducer", answered: list[set[int]], pushed: list[set[int]]) -> list[str]:
    """Return names of the kinds in a memory: the answer to each if that tells them apart, else the token pushed at."""
    tells_apart = all(len(some) == 1 for some in answered) and len(set(map(min, answered))) == len(answered)
    orders = zip(answered, pushed, strict=True) if tells_apart else zip(pushed, answered, strict=True)
    return [next((program.vocabulary[min(some)] for some in tokens if len(some) == 1), "value") for tokens in orders]


def name_apart(names: list[str], number: str = " ({})") -> tuple[str, ...]:
    """Return the names with numbers added to repeated ones, so that all are different."""
    counts: Counter[str] = Counter()
    different = []
    for name in names:
        counts[name] += 1
        different.append(name if counts[name] == 1 else name + number.format(counts[name]))
    return tuple(different)
