"""The smallest form of a program, the same for all programs that differ only in how they are numbered and named.

States are alike if they have rules for the same tokens, which act alike and lead to states that are alike (Moore,
1956); values are alike if no read makes them answered differently. What no rule reaches is left out.
"""

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

from neuralstack.automata._check import check_program
from neuralstack.automata._state_names import name_apart, name_states

if TYPE_CHECKING:
    from neuralstack.automata._transducer import StackTransducer

Rule = tuple[int, tuple[bool, ...], tuple[int | None, ...]] | None


def minimal(program: "StackTransducer") -> "StackTransducer":
    """Return the program that does the same with as few states and kinds of values as possible, in a fixed order.

    States are numbered as they are first reached from the first one, token by token, and named after what they do;
    values as they are first pushed, and named after what they are answered as.

    Raises:
        ValueError: If the program is not complete.
    """
    check_program(program)
    states = reached(program)
    kept, kind_of = merged_values(program, states)
    rows: dict[int, list[Rule]] = {
        state: [rule and renamed(rule, kind_of) for rule in program.rules[state]] for state in states
    }
    block = merged_states(rows)
    first = {block[state]: state for state in reversed(states)}  # of each block, the state reached first
    rules = tuple(
        tuple(rule and (block[rule[0]], *rule[1:]) for rule in rows[first[number]]) for number in range(len(first))
    )
    reads = list(product(*([None, *range(len(kinds))] for kinds in kept)))
    answers = {
        read: program.answers[tuple(None if of is None else kinds[of] for of, kinds in zip(read, kept, strict=True))]
        for read in reads
    }
    names = tuple(
        name_apart([program.vocabulary[answers[alone(memory, kind, len(kept))]] for kind in range(len(kinds))])
        for memory, kinds in enumerate(kept)
    )
    smaller = replace(program, states=tuple(map(str, range(len(rules)))), kinds=names, rules=rules, answers=answers)
    return replace(smaller, states=name_states(smaller))


def reached(program: "StackTransducer") -> list[int]:
    """Return the states in the order in which they are reached from the first one."""
    order, known = [0], {0}
    for state in order:
        new = [rule[0] for rule in program.rules[state] if rule is not None and rule[0] not in known]
        order += dict.fromkeys(new)
        known |= set(new)
    return order


def merged_values(program: "StackTransducer", states: list[int]) -> tuple[list[list[int]], list[dict[int, int]]]:
    """Return for each memory the kinds of values to keep, and the new number of each kind that is pushed."""
    rules = [rule for state in states for rule in program.rules[state] if rule is not None]
    pushed = [
        list(dict.fromkeys(pushes[memory] for *_, pushes in rules if pushes[memory] is not None))
        for memory in range(len(program.memories))
    ]
    kept, kind_of = [], []
    for memory, kinds in enumerate(pushed):
        reads = [[None, *others] for others in pushed]
        numbers: dict[tuple[int, ...], int] = {}
        kind_of.append({})
        kept.append([])
        for kind in kinds:
            reads[memory] = [kind]
            answered = tuple(program.answers[read] for read in product(*reads))
            if answered not in numbers:
                numbers[answered] = len(numbers)
                kept[-1].append(kind)
            kind_of[-1][kind] = numbers[answered]
    return kept, kind_of


def renamed(rule: Any, kind_of: list[dict[int, int]]) -> Rule:
    """Return a rule with the new numbers of what it pushes. Nothing is popped from a memory that is never pushed to."""
    new, pops, pushes = rule
    return (
        new,
        tuple(pop and bool(numbers) for pop, numbers in zip(pops, kind_of, strict=True)),
        tuple(None if kind is None else numbers[kind] for kind, numbers in zip(pushes, kind_of, strict=True)),
    )


def merged_states(rows: dict[int, list[Rule]]) -> dict[int, int]:
    """Return the number of each state's class; classes are numbered in the order of the rows."""
    block, count = dict.fromkeys(rows, 0), 0
    while len(set(block.values())) > count:
        count = len(set(block.values()))
        does = {
            state: (block[state], *(rule and (block[rule[0]], *rule[1:]) for rule in row))
            for state, row in rows.items()
        }
        numbers = {done: number for number, done in enumerate(dict.fromkeys(does.values()))}
        block = {state: numbers[done] for state, done in does.items()}
    return block


def alone(memory: int, kind: int, memories: int) -> tuple[int | None, ...]:
    """Return the read of one value, while all other memories are empty."""
    return tuple(kind if other == memory else None for other in range(memories))
