"""The smallest form of a program: the same for all that do the same in the same way, however they are written."""

from dataclasses import replace
from itertools import permutations, product
from random import Random

import pytest

from neuralstack import StackTransducer
from neuralstack.automata import Layout
from programs import PROGRAMS, reversal

NAMES = pytest.mark.parametrize("name", PROGRAMS)


def renumbered(program, rng):
    """The same program with its states, but for the first, and its values in another order and with other names."""
    states = [0, *rng.sample(range(1, len(program.states)), len(program.states) - 1)]
    kinds = [rng.sample(range(len(of)), len(of)) for of in program.kinds]

    def rule_of(rule):
        if rule is None:
            return None
        pushes = tuple(None if of is None else to.index(of) for of, to in zip(rule[2], kinds, strict=True))
        return states.index(rule[0]), rule[1], pushes

    return replace(
        program,
        states=tuple(f"number {state}" for state in states),
        kinds=tuple(tuple(f"value {kind}" for kind in of) for of in kinds),
        rules=tuple(tuple(map(rule_of, program.rules[state])) for state in states),
        answers={
            tuple(None if of is None else to.index(of) for of, to in zip(read, kinds, strict=True)): answered
            for read, answered in program.answers.items()
        },
    )


def doubled(program):
    """The same program with each state and each value twice, the second of which is used at every other token."""
    states, sizes = len(program.states), [len(of) for of in program.kinds]

    def rule_of(rule, token):
        if rule is None:
            return None
        second = token % 2
        pushes = tuple(None if of is None else of + second * size for of, size in zip(rule[2], sizes, strict=True))
        return rule[0] + second * states, rule[1], pushes

    reads = product(*([None, *range(2 * size)] for size in sizes))
    return replace(
        program,
        states=(*program.states, *(f"{state} again" for state in program.states), "never reached"),
        kinds=tuple(of * 2 for of in program.kinds),
        rules=(*(tuple(rule_of(rule, token) for token, rule in enumerate(row)) for row in program.rules * 2),
               program.rules[-1]),
        answers={
            read: program.answers[tuple(of and of % size for of, size in zip(read, sizes, strict=True))]
            for read in reads
        },
    )  # fmt: skip


@NAMES
def test_a_program_has_one_smallest_form_however_it_is_numbered_and_named(name):
    program, rng = PROGRAMS[name], Random(0)
    for _ in range(5):
        assert renumbered(program, rng).minimal() == program.minimal()


@NAMES
def test_states_and_values_that_are_alike_are_merged(name):
    assert doubled(PROGRAMS[name]).minimal() == PROGRAMS[name].minimal()
    assert PROGRAMS[name].minimal().minimal() == PROGRAMS[name].minimal()


def answer_to(program, source):
    """The answer, or the reason why there is none, without the names of states."""
    try:
        return program.answer(source)
    except ValueError as error:
        return str(error).partition("in its state")[0]


@NAMES
def test_the_smallest_form_answers_the_same(name):
    program, smallest = PROGRAMS[name], PROGRAMS[name].minimal()
    for length in range(1, 5):
        for source in product(range(2), repeat=length):
            assert answer_to(smallest, source) == answer_to(program, source)


def test_no_two_states_of_the_smallest_form_can_be_merged():
    """Checked by trying: redirecting all that leads to one state to another one changes an answer."""
    for program in map(StackTransducer.minimal, PROGRAMS.values()):
        rng, symbols = Random(0), range(program.layout.symbols)
        sources = [rng.choices(symbols, k=length) for length in (1, 2, 3, 4, 5) * 4]
        wanted = [answer_to(program, source) for source in sources]
        for gone, kept in permutations(range(len(program.states)), 2):
            if gone:
                rules = tuple(
                    tuple(rule and (kept if rule[0] == gone else rule[0], *rule[1:]) for rule in row)
                    for row in program.rules
                )
                assert [answer_to(replace(program, rules=rules), source) for source in sources] != wanted


@pytest.mark.parametrize(
    ("name", "states"),
    [
        ("reversal", ("push_source", "answer")),
        ("mirror", ("push_stack_push_queue_source", "answer")),
        ("halves", ("push_source", "skip_source", "answer")),
        ("brackets", ("push_source",)),
    ],
)
def test_states_are_named_after_what_they_do(name, states):
    assert PROGRAMS[name].minimal().states == states


def test_states_that_do_alike_are_numbered_and_one_before_the_source_is_the_start():
    start, push, pop = (1, (False,), (None,)), (False,), (True,)
    rows = (
        (None, None, start, None, None),
        ((2, push, (0,)), (1, push, (1,)), None, None, None),
        ((1, push, (0,)), (2, push, (0,)), None, (3, push, (None,)), None),
        ((3, pop, (None,)), (3, pop, (None,)), None, None, None),
    )
    program = replace(reversal("ab"), states=("w", "x", "y", "z"), rules=rows)
    assert program.minimal().states == ("start", "push_source", "push_source_2", "answer")
    assert replace(program, layout=None).minimal().states == ("keep", "push", "push_2", "pop")


def test_a_state_that_reads_and_answers_is_named_after_both():
    rows = (((0, (False,), (0,)), (0, (True,), (None,))),)
    program = StackTransducer(("a", "<blank>"), ("stack",), ("x",), (("a",),), rows, {(None,): 1, (0,): 0})
    assert replace(program, layout=Layout("query", 1)).minimal().states == ("push_source_and_answer",)


def test_the_bits_of_a_program_are_those_of_its_sizes_and_its_tables():
    # One state, five tokens, two values: no rule or one of 2 pops and 3 pushes; one of 5 answers to each of 3 reads.
    tables = 7**5 * 5**3
    assert PROGRAMS["brackets"].bits == (tables - 1).bit_length() + (1 + 5 + 3 + 3) + 1 == 35
    assert doubled(PROGRAMS["brackets"]).bits == 35


BROKEN = {
    "the next state": {"rules": (((9, (False,), (0,)),) * 5,)},
    "a value": {"rules": (((0, (False,), (2,)),) * 5,)},
    "a memory": {"rules": (((0, (), ()),) * 5,)},
    "a row": {"rules": ()},
    "a rule": {"rules": ((None,) * 4,)},
    "an answer": {"answers": {(None,): 0, (0,): 0}},
    "an answer's token": {"answers": {(None,): 0, (0,): 5, (1,): 0}},
    "the kind of a memory": {"memories": ("tape",)},
    "a layout's form": {"layout": Layout("twice", 5)},
    "a layout's symbols": {"layout": Layout("query", 5)},
    "a layout's lengths": {"layout": Layout("query", 4, (), 1)},
    "a negative length": {"layout": Layout("query", 4, (-2,), 1)},
    "two symbols alike": {"vocabulary": ("(", ")", "(", "]", ".")},
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_program_that_refers_to_what_it_lacks_is_refused(what):
    with pytest.raises(ValueError, match=r"program|layout|answer"):
        replace(PROGRAMS["brackets"], **BROKEN[what]).minimal()
