"""A proof by induction that a program answers as its specification after any number of tokens, checked by Z3.

What is proved is that a relation between the two programs is an inductive invariant: it holds before the first token,
and wherever it holds and the specification has a rule for a token, the program has one too, the relation holds after
the token, and if the specification answers there, the program answers the same. By induction over the number of tokens,
the two answer alike on all sequences of the specification, of any length. The relation was found by following the two
programs (see `_relation.py`), but the proof does not depend on how: each obligation is a formula about memories of any
depth, whose negation Z3 finds to have no solution.

A machine whose answers are fed back is covered as well: all its answers so far are right, so it is given what it would
be given by a teacher.
"""

import time
from collections.abc import Iterator
from typing import Any

from neuralstack._extras import extra
from neuralstack.automata import StackTransducer
from neuralstack.verification._groups import NotAligned, Pair
from neuralstack.verification._memory_terms import List, MemoryTerms, append, appended, top
from neuralstack.verification._relation import Relation, both, find_relation
from neuralstack.verification._result import NotProved, Proof
from neuralstack.verification._terms import NONE, chosen, is_place

with extra("proof"):
    import z3

Obligation = tuple[str, list[Any], Any]
"""A name, assumptions, and a conclusion."""


def prove(program: StackTransducer, specification: StackTransducer, seconds: float = 300) -> Proof:
    """Prove that a program answers as its specification on all sequences that this has rules for.

    Args:
        program: The program.
        specification: A program with the same tokens, which has rules for the sequences that matter, and answers where
            they do.
        seconds: Time after which no proof is found any more.

    Raises:
        NotProved: If no proof is found. The program may still be right.
        ModuleNotFoundError: If Z3 is not installed.

    Examples:
        >>> import neuralstack as ns
        >>> from neuralstack.verification import specification
        >>> right = specification(ns.TASKS["dyck-2"]())
        >>> print(prove(right.minimal(), right))
        an invariant of 1 pair of states and 2 of values, by 9 formulas in Z3
    """
    if program.vocabulary != specification.vocabulary:
        raise ValueError("a program and its specification must have the same tokens.")
    until = time.monotonic() + seconds
    try:
        relation = find_relation(program, specification, until)
    except NotAligned as reason:
        raise NotProved(str(reason)) from None
    count = 0
    memories = [MemoryTerms(group, f"memory {number}") for number, group in enumerate(relation.groups)]
    for name, assumed, claimed in obligations(relation, memories):
        if (left := until - time.monotonic()) <= 0:
            raise NotProved(f"the proof takes more than {seconds:g} s")
        solver = z3.Solver()
        solver.set("timeout", int(1000 * left) + 1)  # of one formula, after which Z3 does not confirm it
        solver.add(assumed)
        solver.add(z3.Not(claimed))
        if solver.check() != z3.unsat:
            raise NotProved(f"Z3 does not confirm that the invariant holds {name}")
        count += 1
    return Proof(count, *described(relation))


def obligations(relation: Relation, memories: list[MemoryTerms]) -> Iterator[Obligation]:
    """Yield all that has to be proved."""
    for memory in memories:
        if memory.group.kind == "queue":
            yield from memory.lemmas()
    nothing = [fact for memory in memories for fact in memory.definitions(List.nil)]
    yield "before the first token", nothing, holds(relation, memories, (0, 0), [List.nil for _ in memories])
    for states in relation.places:
        for token, rule in enumerate(relation.programs[1].rules[states[1]]):
            if rule is not None:
                yield from steps(relation, memories, states, token)


def holds(relation: Relation, memories: list[MemoryTerms], states: Pair, labels: list[Any]) -> Any:
    """Return the formula that the relation holds for a pair of states, and lists of labels."""
    if states not in relation.places:
        return z3.BoolVal(False)
    valid = []
    for memory, list_of_labels in zip(memories, labels, strict=True):
        valid.append(memory.is_valid(list_of_labels))
        if memory.group.kind == "queue":
            backs = memory.group.backs.get(states, set())
            is_back = is_place([memory.last(list_of_labels)], {(back,) for back in backs})
            valid.append(z3.Or(List.is_nil(list_of_labels), is_back))
    return z3.And(*valid, is_place([top(of) for of in labels], relation.places[states]))


def steps(relation: Relation, memories: list[MemoryTerms], states: Pair, token: int) -> Iterator[Obligation]:
    """Yield the obligations of one token in a pair of states: one for each two actions."""
    programs = relation.programs
    choices = [program.rules[state][token] for program, state in zip(programs, states, strict=True)]
    held = [held_by(relation, memories, which, [memory.labels for memory in memories]) for which in (0, 1)]
    numbers = [
        {action: number for number, action in enumerate(dict.fromkeys(choice.cases.values() if choice else ()))}
        for choice in choices
    ]
    does = [chosen(choice, [top(of) for of in own], of) for choice, own, of in zip(choices, held, numbers, strict=True)]
    known = [holds(relation, memories, states, [memory.labels for memory in memories])]
    known += [fact for memory in memories for fact in memory.known]
    name = f"after {programs[0].vocabulary[token]!r} in {names_of(relation, states)}"
    together = {
        actions: z3.And([do == of[action] for do, of, action in zip(does, numbers, actions, strict=True)])
        for actions in relation.actions.get((states, token), {})
    }
    yield f"{name}, where another rule is needed", [*known, does[1] != NONE], z3.Or(list(together.values()))
    for actions, are_done in together.items():
        facts, claimed = after_actions(relation, memories, held, actions)
        yield name, [*known, are_done, *facts], claimed


def held_by(relation: Relation, memories: list[MemoryTerms], which: int, labels: list[Any]) -> list[Any]:
    """Return what each memory of one of the programs holds."""
    held: list[Any] = [None] * len(relation.programs[which].memories)
    for memory, list_of_labels in zip(memories, labels, strict=True):
        if (number := memory.group.memories[which]) is not None:
            held[number] = memory.held[which](list_of_labels)
    return held


def after_actions(
    relation: Relation, memories: list[MemoryTerms], held: list[list[Any]], actions: Pair
) -> tuple[list[Any], Any]:
    """Return facts about what is the case after two actions, and what has to be."""
    states = actions[0][0], actions[1][0]
    facts, labels = [], []
    for memory in memories:
        pops, pushes = both(memory.group, actions, 1), both(memory.group, actions, 2)
        new, known = memory.after(pops, pushes, states)
        labels.append(new)
        facts += known
    claims = [holds(relation, memories, states, labels)]
    answers = []
    for which, program in enumerate(relation.programs):
        done = []
        for kind, of, pop, push in zip(program.memories, held[which], *actions[which][1:], strict=True):
            new, known = acted(kind, of, pop, push)
            done.append(new)
            facts += known
        claims += [of == new for of, new in zip(done, held_by(relation, memories, which, labels), strict=True)]
        choice = program.answers[states[which]]
        answers.append(chosen(choice, [top(of) for of in done], {token: token for token in choice.cases.values()}))
    return facts, z3.And(*claims, z3.Or(answers[1] == NONE, answers[0] == answers[1]))


def acted(kind: str, held: Any, pop: bool, push: int | None) -> tuple[Any, list[Any]]:
    """Return what a memory holds after an action, and facts about that."""
    left = z3.If(List.is_nil(held), held, List.tail(held)) if pop else held
    if push is None:
        return left, []
    if kind == "stack":
        return List.cons(z3.IntVal(push), left), []
    return append(left, z3.IntVal(push)), [appended(left, z3.IntVal(push))]


def described(relation: Relation) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the pairs of states and the pairs of values of a relation as text."""
    values = []
    for group in relation.groups:
        for parts in dict.fromkeys(label.parts for label in group.labels):
            one, other = (
                "nothing" if memory is None or part is None else relation.programs[which].kinds[memory][part]
                for which, (part, memory) in enumerate(zip(parts, group.memories, strict=True))
            )
            values.append(f"{one} with {other}")
    return tuple(names_of(relation, states) for states in relation.places), tuple(values)


def names_of(relation: Relation, states: Pair) -> str:
    """Return the names of a pair of states."""
    one, other = (program.states[state] for program, state in zip(relation.programs, states, strict=True))
    return f"{one} with {other}"
