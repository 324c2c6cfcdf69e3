"""Programs with one wrong transition, on which checks and proofs are tried."""

from dataclasses import replace
from random import Random

from neuralstack.automata import Choice, StackTransducer


def change_one(program: StackTransducer, seed: int) -> StackTransducer:
    """Return a program with one transition changed: its next state, whether it pops, or the kind that it pushes.

    A check that never fails shows nothing. Most programs with such a change are wrong, but some transitions do not
    matter, and then the program is still right.

    Args:
        program: The program.
        seed: The seed from which the transition and its change are drawn.

    Raises:
        ValueError: If there is no other transition: the program has one state and no memory.

    Examples:
        >>> import neuralstack as ns
        >>> from neuralstack.verification import specification
        >>> right = specification(ns.TASKS["dyck-1"]())
        >>> wrong = change_one(right, seed=0)
        >>> sum(one != other for one, other in zip(wrong.rules[0], right.rules[0], strict=True))
        1
    """
    rng = Random(seed)
    if len(program.states) == 1 and not program.memories:
        raise ValueError("a program of one state without a memory has no other transitions: give one with more.")
    places = [(state, token) for state, row in enumerate(program.rules) for token, rule in enumerate(row) if rule]
    state, token = rng.choice(places)
    choice = program.rules[state][token]
    assert choice is not None
    reads = rng.choice(list(choice.cases))
    new, pops, pushes = choice.cases[reads]
    ways = [(other, pops, pushes) for other in range(len(program.states)) if other != new]
    for memory, kinds in enumerate(program.kinds):
        ways.append((new, changed_at(pops, memory, not pops[memory]), pushes))
        others = [kind for kind in (None, *range(len(kinds))) if kind != pushes[memory]]
        ways += [(new, pops, changed_at(pushes, memory, kind)) for kind in others]
    row = list(program.rules[state])
    row[token] = Choice(choice.sees, {**choice.cases, reads: rng.choice(ways)})
    rules = list(program.rules)
    rules[state] = tuple(row)
    return replace(program, rules=tuple(rules))


def changed_at(items: tuple, place: int, item: object) -> tuple:
    """Return a tuple with another item at one place.

    Examples:
        >>> changed_at((1, 2, 3), 1, 0)
        (1, 0, 3)
    """
    return (*items[:place], item, *items[place + 1 :])
