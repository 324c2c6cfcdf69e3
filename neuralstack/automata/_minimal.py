"""The smallest form of a program, the same for all programs that differ only in how they are numbered and named.

States are alike if they have rules for the same tokens and reads, which act alike and lead to states that are alike,
and answer alike (Moore, 1956); values are alike if no state tells them apart. Whatever is never reached is left out,
and so is a memory on which nothing depends.
"""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from neuralstack.automata._check import check_program
from neuralstack.automata._choice import Choice, mapped, narrowed
from neuralstack.automata._state_names import name_kinds, name_states

if TYPE_CHECKING:
    from neuralstack.automata._transducer import StackTransducer

Numbers = tuple[dict[int, int], tuple[dict[int, int], ...]]
"""A number for each state, and for each kind of each memory."""


def minimal(program: "StackTransducer") -> "StackTransducer":
    """Return the program that does the same with as few states and kinds of values as possible, in a fixed order.

    States and values are numbered as they are first reached from the first state, token by token, and named after what
    they do.

    Raises:
        ValueError: If the program is not complete.
    """
    check_program(program)
    smaller, before = program, None
    while smaller != before:
        before = smaller
        found = without_unseen(renumbered(smaller, reached(smaller)))
        merged = renumbered(found, alike(found))
        smaller = renumbered(merged, reached(merged))
    smaller = replace(smaller, kinds=name_kinds(smaller))
    return replace(smaller, states=name_states(smaller))


def without_unseen(program: "StackTransducer") -> "StackTransducer":
    """Return a program without the memories on which no rule and no answer depends."""
    choices = [choice for row in (*program.rules, program.answers) for choice in row if choice is not None]
    seen = sorted({memory for choice in choices for memory in choice.sees})

    def kept(of: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(of[memory] for memory in seen)

    def choice_of(choice: Choice | None) -> Choice | None:
        return choice and Choice(tuple(map(seen.index, choice.sees)), choice.cases)

    def action_of(action: Any) -> Any:
        return action[0], kept(action[1]), kept(action[2])

    rules = tuple(tuple(mapped(choice_of(choice), action_of) for choice in row) for row in program.rules)
    answers = tuple(Choice(tuple(map(seen.index, choice.sees)), choice.cases) for choice in program.answers)
    return replace(program, memories=kept(program.memories), kinds=kept(program.kinds), rules=rules, answers=answers)


def reached(program: "StackTransducer") -> Numbers:
    """Return the numbers of the states and of the kinds that are reached, in the order in which they are."""
    states: dict[int, int] = {0: 0}
    kinds: tuple[dict[int, int], ...] = tuple({} for _ in program.memories)
    count = 0
    while count < (count := len(states) + sum(map(len, kinds))):
        for state in (order := list(states)):
            for choice in program.rules[state]:
                for new, _, pushes in reached_cases(choice, kinds):
                    if new not in states:
                        states[new] = len(states)
                        order.append(new)
                    for of, kind in zip(kinds, pushes, strict=True):
                        if kind is not None:
                            of.setdefault(kind, len(of))
    return states, kinds


def reached_cases(choice: Choice | None, kinds: tuple[dict[int, int], ...]) -> list[Any]:
    """Return the outcomes for reads of kinds that have a number, in the order of these."""
    if choice is None:
        return []
    ranks = [{None: -1, **kinds[memory]} for memory in choice.sees]
    known = {}
    for reads, outcome in choice.cases.items():
        if all(kind in rank for kind, rank in zip(reads, ranks, strict=True)):
            known[tuple(rank[kind] for kind, rank in zip(reads, ranks, strict=True))] = outcome
    return [known[place] for place in sorted(known)]


def renumbered(program: "StackTransducer", numbers: Numbers) -> "StackTransducer":
    """Return a program with other numbers; of all with the same number the first is kept, without a number none."""
    states, kinds = numbers
    firsts = [first_of(of) for of in kinds]
    sizes = [len(first) for first in firsts]

    def choice_of(choice: Choice | None, answers: bool) -> Choice | None:
        if choice is None:
            return None
        cases = {}
        for reads, outcome in choice.cases.items():
            if all(kind is None or kind in firsts[memory] for memory, kind in zip(choice.sees, reads, strict=True)):
                key = tuple(
                    None if kind is None else kinds[memory][kind]
                    for memory, kind in zip(choice.sees, reads, strict=True)
                )
                cases[key] = outcome if answers else renumbered_action(outcome, numbers)
        return narrowed(Choice(choice.sees, cases), sizes) if cases or answers else None

    kept = list(first_of(states))
    return replace(
        program,
        states=tuple(program.states[state] for state in kept),
        kinds=tuple(tuple(of[kind] for kind in first) for of, first in zip(program.kinds, firsts, strict=True)),
        rules=tuple(tuple(choice_of(choice, False) for choice in program.rules[state]) for state in kept),
        answers=tuple(choice_of(program.answers[state], True) for state in kept),
    )


def renumbered_action(action: Any, numbers: Numbers) -> Any:
    """Return an action with other numbers. Nothing is popped from a memory that is never pushed to."""
    new, pops, pushes = action
    states, kinds = numbers
    return (
        states[new],
        tuple(pop and bool(of) for pop, of in zip(pops, kinds, strict=True)),
        tuple(None if kind is None else of[kind] for kind, of in zip(pushes, kinds, strict=True)),
    )


def first_of(numbers: dict[int, int]) -> dict[int, None]:
    """Return the first thing with each number, in the order of the numbers."""
    first: dict[int, int] = {}
    for thing, number in numbers.items():
        first.setdefault(number, thing)
    return dict.fromkeys(first[number] for number in sorted(first))


def alike(program: "StackTransducer") -> Numbers:
    """Return the same number for all states that are alike, and for all kinds of values that are."""
    sizes = [len(of) for of in program.kinds]
    states = dict.fromkeys(range(len(program.states)), 0)
    kinds = tuple(dict.fromkeys(range(size), 0) for size in sizes)
    count = 0
    while count < (count := len(set(states.values())) + sum(len(set(of.values())) for of in kinds)):
        numbers = states, kinds
        does: dict[int, list[Choice | None]] = {}
        for state in states:
            rules = [mapped(choice, partial(renumbered_action, numbers=numbers)) for choice in program.rules[state]]
            does[state] = [choice and narrowed(choice, sizes) for choice in (*rules, program.answers[state])]
        states = refined(states, {state: tuple(map(frozen, row)) for state, row in does.items()})
        kinds = tuple(refined(of, told_apart(does, memory, len(of))) for memory, of in enumerate(kinds))
    return states, kinds


def frozen(choice: Choice | None) -> Any:
    """Return a choice as something that can be compared and looked up."""
    return choice and (choice.sees, tuple(choice.cases.items()))


def told_apart(does: dict[int, list[Choice | None]], memory: int, size: int) -> dict[int, Any]:
    """Return for each kind in a memory what happens in each state where it is read."""
    seen: dict[int, list[Any]] = {kind: [] for kind in range(size)}
    for state, row in does.items():
        for token, choice in enumerate(row):
            if choice is not None and memory in choice.sees:
                place = choice.sees.index(memory)
                for reads, outcome in choice.cases.items():
                    if (kind := reads[place]) is not None:
                        seen[kind].append((state, token, reads[:place], reads[place + 1 :], outcome))
    return {kind: tuple(happens) for kind, happens in seen.items()}


def refined(numbers: dict[int, int], signatures: dict[int, Any]) -> dict[int, int]:
    """Return numbers that also tell apart what has different signatures, numbered in the order of the things."""
    found: dict[Any, int] = {}
    return {thing: found.setdefault((number, signatures[thing]), len(found)) for thing, number in numbers.items()}
