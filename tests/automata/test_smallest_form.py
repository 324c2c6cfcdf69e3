"""The smallest form of a program: the same for all that do the same in the same way, however they are written."""

from dataclasses import replace
from functools import partial
from itertools import permutations, product
from random import Random

import pytest

from neuralstack import StackTransducer
from neuralstack.automata import Choice, Layout, always
from programs import PROGRAMS, reversal

NAMES = pytest.mark.parametrize("name", PROGRAMS)


def renumbered(program, rng):
    """The same program with its states, but for the first, and its values in another order and with other names."""
    states = [0, *rng.sample(range(1, len(program.states)), len(program.states) - 1)]
    kinds = [rng.sample(range(len(of)), len(of)) for of in program.kinds]

    def action_of(action):
        pushes = tuple(None if of is None else to.index(of) for of, to in zip(action[2], kinds, strict=True))
        return states.index(action[0]), action[1], pushes

    def kind_of(memory, kind):
        return None if kind is None else kinds[memory].index(kind)

    def choice_of(choice, outcome_of):
        if choice is None:
            return None
        cases = [(tuple(map(kind_of, choice.sees, reads)), outcome_of(done)) for reads, done in choice.cases.items()]
        return Choice(choice.sees, dict(rng.sample(cases, len(cases))))

    return replace(
        program,
        states=tuple(f"number {state}" for state in states),
        kinds=tuple(tuple(f"value {kind}" for kind in of) for of in kinds),
        rules=tuple(tuple(choice_of(choice, action_of) for choice in program.rules[state]) for state in states),
        answers=tuple(choice_of(program.answers[state], int) for state in states),
    )


def doubled(program):
    """The same program with each state and each value twice, the second of which is used at every other token."""
    states, sizes = len(program.states), [len(of) for of in program.kinds]

    def action_of(action, token):
        second = token % 2
        pushes = tuple(None if of is None else of + second * size for of, size in zip(action[2], sizes, strict=True))
        return action[0] + second * states, action[1], pushes

    def choice_of(choice, outcome_of):
        """The same for either of two values; it seems to depend on every memory."""
        if choice is None:
            return None
        cases = {}
        for reads in product(*([None, *range(2 * size)] for size in sizes)):
            outcome = choice.of([of and of % size for of, size in zip(reads, sizes, strict=True)])
            if outcome is not None:
                cases[reads] = outcome_of(outcome)
        return Choice(tuple(range(len(sizes))), cases)

    rules = tuple(
        tuple(
            choice_of(choice, lambda action, token=token: action_of(action, token)) for token, choice in enumerate(row)
        )
        for row in program.rules
    )
    answers = tuple(choice_of(choice, int) for choice in program.answers)
    return replace(
        program,
        states=(*program.states, *(f"{state} again" for state in program.states), "never reached"),
        kinds=tuple(of * 2 for of in program.kinds),
        rules=(*rules, *rules, rules[-1]),
        answers=(*answers, *answers, answers[-1]),
    )


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


def redirected(gone, kept, action):
    """The same action, but to another state."""
    return (kept if action[0] == gone else action[0], *action[1:])


def test_no_two_states_of_the_smallest_form_can_be_merged():
    """Checked by trying: redirecting all that leads to one state to another one changes an answer."""
    for program in map(StackTransducer.minimal, PROGRAMS.values()):
        rng, symbols = Random(0), range(program.layout.symbols)
        sources = [rng.choices(symbols, k=length) for length in (1, 2, 3, 4, 5) * 4]
        wanted = [answer_to(program, source) for source in sources]
        for gone, kept in permutations(range(len(program.states)), 2):
            if gone:
                instead = partial(redirected, gone, kept)
                rules = tuple(
                    tuple(
                        rule and Choice(rule.sees, {reads: instead(action) for reads, action in rule.cases.items()})
                        for rule in row
                    )
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
        ("parity", ("read_source_and_answer", "read_source_and_answer_2")),
    ],
)
def test_states_are_named_after_what_they_do(name, states):
    assert PROGRAMS[name].minimal().states == states


def test_states_that_do_alike_are_numbered_and_one_before_the_source_is_the_start():
    start, push, pop = (1, (False,), (None,)), (False,), (True,)
    actions = (
        (None, None, start, None, None),
        ((2, push, (0,)), (1, push, (1,)), None, None, None),
        ((1, push, (0,)), (2, push, (0,)), None, (3, push, (None,)), None),
        ((3, pop, (None,)), (3, pop, (None,)), None, None, None),
    )
    rows = tuple(tuple(action and always(action) for action in row) for row in actions)
    program = reversal("ab")
    program = replace(program, states=("w", "x", "y", "z"), rules=rows, answers=program.answers[:1] * 4)
    assert program.minimal().states == ("start", "push_source", "push_source_2", "answer")
    assert replace(program, layout=None).minimal().states == ("keep", "push", "push_2", "pop")


def test_a_state_that_reads_and_answers_is_named_after_both():
    rows = ((always((0, (False,), (0,))), always((0, (True,), (None,)))),)
    answers = (Choice((0,), {(None,): 1, (0,): 0}),)
    program = StackTransducer(("a", "<blank>"), ("stack",), ("x",), (("a",),), rows, answers)
    assert replace(program, layout=Layout("query", 1)).minimal().states == ("push_source_and_answer",)


def test_the_bits_of_a_program_are_those_of_its_sizes_and_its_tables():
    # One state, five tokens, two values: no rule or one of 2 pops and 3 pushes; none or one of 5 answers to 3 reads.
    tables = 7**5 * 6**3
    # Then the sizes, the kind of the memory, whether rules and answers depend on it, and answers on the state; and for
    # the answers of the state, whether they do.
    assert PROGRAMS["brackets"].bits == (tables - 1).bit_length() + (1 + 5 + 3 + 3) + 1 + 3 + 1 == 39
    assert doubled(PROGRAMS["brackets"]).bits == 39
    # Two states, seven tokens, no memory: no rule or one of 2 next states; none or one of 3 answers in each state.
    assert PROGRAMS["parity"].bits == (3**6 * 4**2 - 1).bit_length() + (3 + 3 + 1) + 1 == 22


def test_a_rule_that_depends_on_the_memory_takes_bits_for_each_read():
    # Two states, six tokens, two values: two rules of the first state depend on it, and its answer.
    tables = (1 + 2 * 2 * 3) ** (2 * 6 + 2 * 2) * 7 ** (3 + 1)
    bits = (tables - 1).bit_length() + (3 + 5 + 3 + 3) + 1 + 3 + 2 * 6 + 2
    assert PROGRAMS["balanced"].bits == bits


def test_a_memory_on_which_nothing_depends_is_left_out():
    """A queue is pushed beside the stack, and tells states apart that otherwise do the same."""
    program = PROGRAMS["balanced"]

    def beside(action, kind):
        return action[0], (*action[1], True), (*action[2], kind)

    def rules(state, kind):
        return tuple(
            rule and Choice(rule.sees, {reads: beside(action, kind) for reads, action in rule.cases.items()})
            for rule in program.rules[state]
        )

    both = replace(
        program, memories=("stack", "queue"), kinds=(*program.kinds, ("x", "y")),
        states=(*program.states, "again"), rules=(rules(0, 0), rules(1, 1), rules(1, 0)),
        answers=(*program.answers, program.answers[1]),
    )  # fmt: skip
    assert both.minimal() == program.minimal()


BROKEN = {
    "the next state": {"rules": ((always((9, (False,), (0,))),) * 5,)},
    "a value": {"rules": ((always((0, (False,), (2,))),) * 5,)},
    "a memory": {"rules": ((always((0, (), ())),) * 5,)},
    "a case": {"rules": ((Choice((0,), {}),) * 5,)},
    "a read": {"rules": ((Choice((0,), {(2,): (0, (False,), (0,))}),) * 5,)},
    "the order of the memories": {"answers": (Choice((0, 0), {(None, None): 0}),)},
    "a row": {"rules": ()},
    "a rule": {"rules": ((None,) * 4,)},
    "an answer": {"answers": ()},
    "an answer's token": {"answers": (Choice((0,), {(None,): 0, (0,): 5, (1,): 0}),)},
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
