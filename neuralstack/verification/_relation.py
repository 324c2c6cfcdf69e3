"""A relation between two programs that run side by side, found by following all that they may do.

The relation has the pairs of states that the two programs are in after the same tokens, and what their memories may
hold then. It is an inductive invariant: it holds before the first token, and each token that the specification has a
rule for leads from a pair of configurations in it to another one, with the same answer where one is asked for. So both
programs answer alike after any number of tokens. With one stack at most, which both push and pop in the same steps,
memories are described exactly: if there is such an invariant, it is found.
"""

import time
from collections.abc import Iterator, Sequence
from itertools import permutations, product
from typing import Any, NamedTuple

from neuralstack.automata import Choice, StackTransducer
from neuralstack.verification._groups import EMPTY, NOTHING, Group, NotAligned, Pair


class Relation(NamedTuple):
    """Two programs, the groups of their memories, and what may be on top in each pair of states."""

    programs: tuple[StackTransducer, StackTransducer]
    groups: list[Group]
    places: dict[Pair, set[tuple[int, ...]]]
    """For each pair of states, the labels on top of the memories, in all combinations that may be."""
    actions: dict[tuple[Pair, int], dict[Pair, None]]
    """For each pair of states and token, the actions that the two programs may do together."""

    def reads(self, tops: Sequence[int], which: int) -> tuple[int | None, ...]:
        """Return what the memories of one of the programs show."""
        shown: list[int | None] = [None] * len(self.programs[which].memories)
        for group, top in zip(self.groups, tops, strict=True):
            if (memory := group.memories[which]) is not None:
                shown[memory] = group.shown(top)[which]
        return tuple(shown)


def find_relation(program: StackTransducer, specification: StackTransducer, until: float) -> Relation:
    """Return a relation in which a program does as its specification, found before `time.monotonic` says `until`.

    Raises:
        NotAligned: If there is none of this form, with the reason.
    """
    reason = NotAligned("no memory of the program is of the kind that the specification has")
    for groups in groupings(program, specification):
        relation = Relation((program, specification), groups, {(0, 0): {(EMPTY,) * len(groups)}}, {})
        try:
            while grow(relation, until):
                pass
            return relation
        except NotAligned as failed:
            reason = failed
    raise reason


def groupings(program: StackTransducer, specification: StackTransducer) -> Iterator[list[Group]]:
    """Yield each way to put the specification's memories beside memories of the program of the same kind."""
    own, others = program.memories, specification.memories
    for beside in permutations(range(len(own)), len(others)):
        if all(own[one] == other for one, other in zip(beside, others, strict=True)):
            of = {one: other for other, one in enumerate(beside)}
            yield [Group(kind, (memory, of.get(memory))) for memory, kind in enumerate(own)]


def grow(relation: Relation, until: float) -> bool:
    """Follow each token from everything that is known, and return whether anything new was found.

    Raises:
        NotAligned: If the programs answer differently, or their memories cannot be described.
    """
    before = size(relation)
    for states, found in list(relation.places.items()):
        rules = relation.programs[1].rules[states[1]]
        tokens = [token for token, choice in enumerate(rules) if choice is not None]
        for tops in list(found):
            for token in tokens:
                follow(relation, states, tops, token)
            if time.monotonic() > until:
                raise NotAligned("the programs can be in too many different places for the time that there is")
    return size(relation) > before


def size(relation: Relation) -> int:
    """Return the number of facts in a relation."""
    return sum(group.size for group in relation.groups) + sum(map(len, relation.places.values()))


def follow(relation: Relation, states: Pair, tops: tuple[int, ...], token: int) -> None:
    """Add what may be the case after a token."""
    programs = relation.programs
    wanted = outcome(programs[1].rules[states[1]][token], relation.reads(tops, 1))
    if wanted is None:
        return
    done = outcome(programs[0].rules[states[0]][token], relation.reads(tops, 0))
    if done is None:
        raise NotAligned(f"the program has no rule for {programs[0].vocabulary[token]!r} in a state that needs one")
    relation.actions.setdefault((states, token), {})[done, wanted] = None
    after = done[0], wanted[0]
    places = relation.places.setdefault(after, set())
    for new in tops_after(relation, states, tops, (done, wanted)):
        if new not in places:
            check_answers(relation, after, new)
            places.add(new)


def tops_after(relation: Relation, states: Pair, tops: tuple[int, ...], actions: Pair) -> Iterator[tuple[int, ...]]:
    """Return the labels that may be on top after two actions.

    Raises:
        NotAligned: If the memories cannot be described.
    """
    after, moved = (actions[0][0], actions[1][0]), []
    for group, top in zip(relation.groups, tops, strict=True):
        pops, pushes = both(group, actions, 1), both(group, actions, 2)
        moved.append(group.moved(top, pops, pushes, states, after))
    return product(*moved)


def both(group: Group, actions: tuple[Any, Any], part: int) -> Pair:
    """Return what two actions do with the memories of a group: pops, their part 1, or pushes, their part 2."""
    first, second = (
        NOTHING[which] if memory is None else actions[which][part][memory]
        for which, memory in enumerate(group.memories)
    )
    return first, second


def outcome(choice: Choice | None, reads: Sequence[int | None]) -> Any:
    """Return the outcome of a choice, None if there is none."""
    return None if choice is None else choice.of(reads)


def check_answers(relation: Relation, states: Pair, tops: tuple[int, ...]) -> None:
    """Check that the program answers as the specification does, where that answers.

    Raises:
        NotAligned: If it does not.
    """
    program, specification = relation.programs
    wanted = specification.answers[states[1]].of(relation.reads(tops, 1))
    answered = program.answers[states[0]].of(relation.reads(tops, 0))
    if wanted is not None and answered != wanted:
        named = "nothing" if answered is None else repr(program.vocabulary[answered])
        raise NotAligned(
            f"in the state {program.states[states[0]]!r} the program may answer {named} where "
            f"{specification.vocabulary[wanted]!r} is right"
        )
