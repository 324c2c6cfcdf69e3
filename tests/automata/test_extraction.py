import equinox as eqx
import jax
import numpy as np
import pytest

from neuralstack import (
    GRU,
    TASKS,
    CompositeMemory,
    Feedforward,
    NeuralDeque,
    NeuralQueue,
    NeuralStack,
    NoMemory,
    Reversal,
    StackTransducer,
    Stream,
    SuperpositionStack,
    extract,
    harden,
    load,
)
from neuralstack.automata import compare, find_transducer
from neuralstack.discretization import Agreement, Fresh, agree
from small import drawn_machine

pytest_plugins = ("small_runs",)

TASK = Reversal(8)


@pytest.fixture(scope="module")
def hard_machine(learned_machine):
    return harden(learned_machine, TASK)


@pytest.fixture(scope="module")
def program(hardened):
    """The results of `neuralstack harden`."""
    return StackTransducer.load(hardened / "program.json")


@pytest.mark.slow
def test_the_program_of_reversal_is_one_that_a_human_knows(program):
    assert len(program.states) <= 6
    assert program.memories == ("stack",)
    rows = program.table()
    assert ("any symbol", "–", "it") in [row[1:4] for row in rows]
    assert ("any symbol", "pop", "–") in [row[1:4] for row in rows]
    assert program.answer_table()[-1][1] == "it"


@pytest.mark.slow
def test_the_program_reverses_strings_far_beyond_the_training(program):
    source = np.random.default_rng(0).integers(0, 128, 5000).tolist()
    answered = program.run([*TASK.prompt(source), *reversed(source)])[len(source) + 1 :]
    assert answered == [*reversed(source), TASK.end]


@pytest.mark.slow
def test_network_and_program_agree_on_random_sequences(hardened, program):
    advanced = []
    found = find_transducer(harden(load(hardened), TASK), TASK, (1, 100), 200, advanced.append)
    assert found.program == program
    assert found.agreement == Agreement(same=200, sequences=200, first=None)
    assert sum(advanced) == 400


def test_a_hardened_machine_is_right_where_it_was_trained_and_at_ten_times_that(hard_machine, learned_machine):
    compared = compare(learned_machine, TASK, (2, 8), 100)
    assert compared.agreement == Agreement(100, 100, None)
    assert compared.difference is None
    assert compared.margins.keys() == {"push", "pop"}
    assert all(0 <= margin.min() <= margin.max() <= 0.5 for margin in compared.margins.values())
    long = Reversal(80)
    example = long.sample(jax.random.key(0), 80)
    assert (np.argmax(hard_machine(example.inputs), -1) == example.targets)[example.mask].all()


def test_a_stream_answers_as_the_machine_does_and_holds_what_is_on_the_stack(hard_machine):
    source = TASK.encode("a longer string")
    tokens = [*TASK.prompt(source), *reversed(source)]
    stream, depths = Stream(hard_machine), []
    for token, wanted in zip(tokens, hard_machine(np.array(tokens)), strict=True):
        np.testing.assert_allclose(stream.feed(token), wanted, atol=1e-4)
        depths.append(stream.depth)
    assert max(depths) >= len(source)
    assert depths[-1] <= 2


def test_a_stream_keeps_no_more_after_more_steps(hard_machine):
    stream = Stream(hard_machine)
    for token in (*TASK.prompt([1, 2, 3]), *[4] * 1000):  # far more pops than there are elements
        stream.feed(token)
    assert stream.depth <= 2


def test_a_stream_takes_tokens_only(hard_machine):
    with pytest.raises(ValueError, match=r"a token must be in 0..130, got 131"):
        Stream(hard_machine).feed(131)


def test_a_stream_needs_a_hardened_machine(learned_machine):
    with pytest.raises(ValueError, match=r"a stream needs stacks or queues with actions of 0 or 1, got NeuralStack"):
        Stream(learned_machine)


@pytest.mark.parametrize(
    ("memory", "connection", "mend"),
    [
        (NeuralStack(4), "feedback", "train with the connection 'layer'"),
        (NeuralStack(4), "skip", "train with the connection 'layer'"),
        (NeuralDeque(4), "layer", "train with such a memory"),
    ],
)
def test_machines_whose_program_cannot_be_found_are_refused(memory, connection, mend):
    task = Reversal(4, alphabet="ab")
    machine = drawn_machine(GRU, memory, task.vocab_size, embedding=4, connection=connection)
    hard = harden(machine)
    with pytest.raises(ValueError, match=mend):
        extract(hard, task)
    found = find_transducer(hard, task, (1, 4), 3)
    assert found.program is None
    assert mend in found.reason


@pytest.mark.parametrize("memory", [NeuralQueue(3), CompositeMemory(NeuralStack(3), NeuralQueue(3))])
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.slow
def test_a_machine_whose_controller_has_no_state_always_is_a_program(memory, seed):
    task = TASKS["anbn"](5)
    machine = drawn_machine(Feedforward, memory, task.vocab_size, hidden=6, embedding=3, seed=seed)
    loud = eqx.tree_at(lambda machine: machine.action_weights, machine, replace_fn=lambda weights: 4 * weights)
    found = find_transducer(harden(loud, task), task, (1, 8), 20)  # not all tokens have the same effect
    assert found.program is not None
    assert found.agreement == Agreement(20, 20, None)


@pytest.mark.slow
def test_machines_that_differ_are_said_to_differ_where_they_first_do(learned_machine):
    leaking = eqx.tree_at(
        lambda machine: machine.action_bias, learned_machine, replace_fn=lambda bias: bias.at[:2].set(0)
    )
    leaking = eqx.tree_at(lambda machine: machine.action_weights, leaking, replace_fn=lambda w: w.at[:, :2].divide(50))
    compared = compare(leaking, TASK, (2, 8), 50)
    assert compared.agreement.same < 50
    assert compared.difference is not None
    assert compared.difference["soft"] != compared.difference["hard"]
    assert compared.difference["given"].startswith("<start>")
    assert min(margin.min() for margin in compared.margins.values()) < 0.1


def test_a_machine_without_a_memory_has_nothing_to_harden(learned_machine):
    plain = drawn_machine(GRU, NoMemory(), TASK.vocab_size, embedding=4, connection="paper")
    with pytest.raises(ValueError, match="has no actions to round"):
        compare(plain, TASK, (2, 8), 5)


def test_agreement_names_the_earliest_difference_among_the_scored_steps():
    scored = np.array([[False, True, True], [False, True, True], [False, True, False]])
    data = Fresh(np.zeros((3, 3), int), scored, np.full(3, 3))
    one = np.array([[9, 1, 1], [0, 1, 2], [0, 1, 5]])
    other = np.array([[0, 1, 7], [0, 3, 2], [0, 1, 6]])
    assert agree(one, other, data) == Agreement(same=1, sequences=3, first=(1, 1, 1, 3))


@pytest.mark.slow
def test_margins_are_those_of_each_part_of_an_action():
    deque = NeuralDeque(2)
    margins = deque.margins(deque.decode(jax.numpy.zeros(8)))
    assert list(margins) == ["push, top", "pop, top", "push, bottom", "pop, bottom"]
    assert all((margin == 0).all() for margin in margins.values())
    mixed = SuperpositionStack(2)
    assert mixed.margins(mixed.decode(jax.numpy.array([100.0, 0, 0, 0, 0])))["operation"] == pytest.approx(0.5)
    both = CompositeMemory(NeuralStack(1), mixed)
    action = both.decode(jax.numpy.zeros(both.action_size))
    assert list(both.margins(action)) == ["push, 1", "pop, 1", "operation, 2"]
