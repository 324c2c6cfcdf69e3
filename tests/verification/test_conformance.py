"""Conformance suites: which controls they tell from that of a program, held against a search for any difference."""

import random
from dataclasses import replace

import pytest

import neuralstack as ns
from cases import quick
from neuralstack.automata import Choice, StackTransducer, always
from neuralstack.verification import (
    NotProved,
    check_conformance,
    conformance_suite,
    control_of,
    specification,
)
from programs import PROGRAMS

TOKENS = ("a", "b")


def drawn_action(rng, states, kinds):
    """A random action on one stack, or on no memory at all."""
    new = rng.randrange(states)
    if not kinds:
        return new, (), ()
    return new, (rng.random() < 0.4,), (rng.choice([None, *range(kinds)]),)


def drawn_choice(rng, kinds, outcome):
    """A random choice, which sees the memory every other time."""
    if not kinds or rng.random() < 0.5:
        return always(outcome())
    return Choice((0,), {(top,): outcome() for top in (None, *range(kinds))})


def drawn_program(seed):
    """A random program in its smallest form, often partial, with a stack of one or two kinds of values or none."""
    rng = random.Random(seed)
    states, kinds, partial = rng.randint(1, 3), rng.choice([0, 1, 1, 2]), rng.random() < 0.4

    def rule():
        choice = drawn_choice(rng, kinds, lambda: drawn_action(rng, states, kinds))
        return None if partial and rng.random() < 0.3 else choice

    rules = [[rule() for _ in TOKENS] for _ in range(states)]
    rules[0][0] = rules[0][0] or always(drawn_action(rng, states, kinds))
    memories, names = (("stack",), (tuple("xy"[:kinds]),)) if kinds else ((), ())
    answers = tuple(drawn_choice(rng, kinds, lambda: rng.randrange(2)) for _ in range(states))
    numbers = tuple(map(str, range(states)))
    return StackTransducer(TOKENS, memories, numbers, names, tuple(map(tuple, rules)), answers).minimal()


def mapped(choice, change):
    """A choice with one of its outcomes changed."""
    return Choice(choice.sees, {reads: change(outcome) for reads, outcome in choice.cases.items()})


def drawn_mutant(program, extra, seed):
    """The program with some states twice, which it may be in in place of the others, and up to two faults."""
    rng = random.Random(seed)
    count, kinds = len(program.states), len(program.kinds[0]) if program.kinds else 0
    copied = [*range(count), *(rng.randrange(count) for _ in range(extra))]

    def same(state):
        return rng.choice([number for number, of in enumerate(copied) if of == state])

    def rewired(action):
        return same(action[0]), *action[1:]

    rules = [[choice and mapped(choice, rewired) for choice in program.rules[state]] for state in copied]
    answers = [program.answers[state] for state in copied]
    for _ in range(rng.choice([0, 1, 1, 2])):
        state, token = rng.randrange(len(copied)), rng.randrange(len(TOKENS))
        if rng.random() < 0.3:
            answers[state] = drawn_choice(rng, kinds, lambda: rng.randrange(2))
        elif rules[state][token] is not None:
            rules[state][token] = drawn_choice(rng, kinds, lambda: drawn_action(rng, len(copied), kinds))
    return replace(
        program,
        states=tuple(map(str, range(len(copied)))),
        rules=tuple(map(tuple, rules)),
        answers=tuple(answers),
    )


def does(program, state, given):
    """The answer to what is shown, and the action, where popping nothing is not popping."""
    choice = None if given.token is None else program.rules[state][given.token]
    action = choice and choice.of(given.reads)
    if action is None:
        return program.answers[state].of(given.reads), None, None
    pops = [pop and shown is not None for pop, shown in zip(action[1], given.reads, strict=True)]
    return program.answers[state].of(given.reads), (pops, action[2]), action[0]


def differ(control, other):
    """Whether any word of possible inputs leads to a difference: a search through all pairs of states."""
    order, seen = [(None, 0)], {(None, 0)}
    for state, its_state in order:
        for given in control.first if state is None else control.inputs[state]:
            answer, action, new = does(control.program, state or 0, given)
            its_answer, its_action, its_new = does(other, its_state, given)
            if (state is not None and answer is not None and its_answer != answer) or its_action != action:
                return True
            if new is not None and (new, its_new) not in seen:
                seen.add((new, its_new))
                order.append((new, its_new))
    return False


FEW = (0, 20), (1, 10)  # states that a mutant may have more, and random programs
MANY = (0, 100), (1, 40), (2, 10)


@pytest.mark.parametrize(("extra", "programs"), [*FEW, *(pytest.param(*case, marks=pytest.mark.slow) for case in MANY)])
def test_a_suite_finds_exactly_the_mutants_that_differ(extra, programs):
    found = {True: 0, False: 0}
    for seed in range(programs):
        program = drawn_program(seed)
        control = control_of(program, None)
        words = conformance_suite(control, extra, most=100_000)
        assert len(set(words)) == len(words)
        for mutation in range(5):
            mutant = drawn_mutant(program, extra, 1000 * seed + mutation)
            expected = differ(control, mutant)
            result = check_conformance(program, mutant, extra_states=extra)
            assert (result.difference is not None) == expected, (seed, mutation)
            assert (result.words, result.extra_states) == (len(words), extra)
            found[expected] += 1
    assert min(found.values()) >= programs


def late(steps):
    """A program that answers 0, but 1 after exactly so many tokens."""
    rules = tuple((always((min(state + 1, steps + 1), (), ())),) * 2 for state in range(steps + 2))
    answers = tuple(always(int(state == steps)) for state in range(steps + 2))
    return StackTransducer(TOKENS, (), tuple(map(str, range(steps + 2))), (), rules, answers)


def test_a_difference_that_comes_late_is_found_with_as_many_further_states():
    program = late(4).minimal()
    never = replace(late(0), answers=(always(0), always(0))).minimal()
    assert len(never.states) == 1
    assert check_conformance(never, program, extra_states=0).difference is None
    result = check_conformance(never, program, extra_states=5)
    assert len(result.difference.word) == 5
    assert str(result.difference).endswith("the program answers 'a', and the other answers 'b'")


@pytest.mark.parametrize("name", quick(PROGRAMS, "halves", "parity", "deal"))
def test_a_program_conforms_with_itself(name):
    program = PROGRAMS[name].minimal()
    result = check_conformance(program, program, extra_states=1, most=60_000)
    assert result.difference is None
    assert str(result).startswith(f"acts and answers as the program on {result.words} words, so always if its control")


def test_words_have_only_what_a_sequence_of_the_task_can_show():
    right = specification(ns.TASKS["dyck-2"]())
    control = control_of(right.minimal(), right)
    assert {given.reads for given in control.first} == {(None,)}
    (inputs,) = control.inputs.values()
    closing = {(given.token, given.reads) for given in inputs if given.token in (2, 3)}
    assert closing == {(2, (0,)), (3, (1,))}


def test_a_difference_is_described():
    program = PROGRAMS["brackets"].minimal()
    rules = list(program.rules[0])
    rules[2] = always((0, (False,), (0,)))
    result = check_conformance(program, replace(program, rules=(tuple(rules),)))
    assert result.difference.word[-1].startswith("'['")
    pushes = result.difference.program, result.difference.other
    assert pushes == (f"pushes {program.kinds[0][1]!r} to the stack", f"pushes {program.kinds[0][0]!r} to the stack")
    answers = (Choice((0,), {**program.answers[0].cases, (None,): 0}),)
    result = check_conformance(program, replace(program, answers=answers))
    assert str(result).startswith("differs: after ")


def test_fewer_further_states_are_taken_where_the_words_would_be_too_many():
    program = PROGRAMS["brackets"].minimal()
    result = check_conformance(program, program, extra_states=5, most=2000)
    assert 0 < result.extra_states < 5
    assert f"{result.extra_states} more than the program's" in str(result)
    with pytest.raises(NotProved, match="its conformance suite has more than 10 inputs"):
        check_conformance(program, program, most=10)


def test_programs_of_different_tokens_are_refused():
    with pytest.raises(ValueError, match="the other program has another vocabulary"):
        check_conformance(PROGRAMS["brackets"], PROGRAMS["parity"])
    with pytest.raises(ValueError, match="extra_states must not be negative, got -1"):
        check_conformance(PROGRAMS["parity"], PROGRAMS["parity"], extra_states=-1)
