import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import quick
from neuralstack import (
    GRU,
    TASKS,
    CompositeMemory,
    Feedforward,
    HardStack,
    NeuralDeque,
    NeuralQueue,
    NeuralStack,
    PointerStack,
    Quantized,
    Reversal,
    Stream,
    SuperpositionStack,
    harden,
    run,
)
from neuralstack.automata import find_transducer
from neuralstack.controllers import phase_of
from neuralstack.discretization import Agreement
from neuralstack.memories import End, HardMixtureStacks
from small import drawn_machine

TASK = Reversal(12, alphabet="ab")
STEPS = 40
MEMORIES = {
    "pointer": PointerStack(3),
    "superposition": SuperpositionStack(3),
    "superposition of two, three cells read": SuperpositionStack(3, stacks=2, depth_read=3),
}
each_memory = pytest.mark.parametrize("memory", MEMORIES.values(), ids=MEMORIES)


def machine_with(memory, layer: type = GRU, connection="layer", task=TASK, seed=0):
    """An untrained machine whose actions are not the same at every step."""
    machine = drawn_machine(layer, memory, task.vocab_size, hidden=8, embedding=3, connection=connection, seed=seed)
    return eqx.tree_at(lambda machine: machine.action_weights, machine, replace_fn=lambda weights: 4 * weights)


@pytest.mark.parametrize("name", quick(MEMORIES, "pointer"))
def test_hard_stacks_read_what_their_soft_twins_read_of_rounded_actions(name):
    memory = MEMORIES[name]

    @jax.jit
    @jax.vmap
    def reads(raw):
        action = Quantized(memory).decode(raw)
        return run(HardMixtureStacks(memory), action), run(memory, action)

    hard, soft = reads(3 * jax.random.normal(jax.random.key(0), (3, STEPS, memory.action_size)))
    np.testing.assert_allclose(hard, soft, atol=1e-6)


@each_memory
def test_hard_stacks_hold_what_their_soft_twins_hold(memory):
    def held(memory, action):
        def step(state, now):
            state, _ = memory.step(state, now)
            return state, memory.strengths(state).reshape(getattr(memory, "stacks", 1), -1).sum(-1)

        return jax.lax.scan(step, memory.init(STEPS), action)[1]

    @jax.jit
    def both_held(raw):
        action = Quantized(memory).decode(raw)
        return held(HardMixtureStacks(memory), action), held(memory, action)

    hard, soft = both_held(3 * jax.random.normal(jax.random.key(5), (STEPS, memory.action_size)))
    np.testing.assert_allclose(hard, soft, atol=1e-5)


def test_hard_stacks_do_what_has_the_most_weight():
    action = [[0.4, 0.35, 0.25], [0.3, 0.5, 0.2]], [[7.0], [8.0]]
    assert run(HardMixtureStacks(PointerStack(1)), action)[:, 0].tolist() == [7, 0]


@pytest.mark.slow
@each_memory
def test_a_step_of_hard_stacks_touches_no_more_of_a_longer_buffer(memory):
    """A compiled step has no operation on whole buffers, except for writing one value in place."""
    hard = HardMixtureStacks(memory)
    action = jax.tree.map(lambda leaf: leaf[0], hard.decode(jnp.ones((1, hard.action_size))))
    operations = {}
    for steps in (100, 1000):
        jaxpr = jax.make_jaxpr(hard.step)(hard.init(steps), action).jaxpr
        sized = [one for one in jaxpr.eqns for out in one.outvars if steps + 1 in out.aval.shape]
        operations[steps] = [one.primitive.name for one in sized]
    assert operations[100] == operations[1000] == ["scatter"]


@pytest.mark.parametrize(
    ("name", "connection"),
    [("pointer", "layer"), ("superposition", "feedback"), ("superposition of two, three cells read", "feedback")],
)
@pytest.mark.slow
def test_a_stream_of_hard_stacks_answers_as_the_machine_does(name, connection):
    machine = harden(machine_with(MEMORIES[name], connection=connection), TASK)
    assert isinstance(machine.memory, HardMixtureStacks)
    tokens = TASK.sample(jax.random.key(1), 12).inputs
    stream = Stream(machine)
    told = np.array([stream.feed(int(token)) for token in tokens])
    np.testing.assert_allclose(told, machine(tokens), atol=1e-4)


@pytest.mark.parametrize("memory", [PointerStack(3), SuperpositionStack(3, stacks=2)])
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.slow
def test_machines_with_hard_stacks_and_no_state_are_programs(memory, seed):
    task = TASKS["anbn"](5)
    found = find_transducer(harden(machine_with(memory, Feedforward, task=task, seed=seed)), task, (1, 8), 20)
    assert found.program is not None
    assert found.program.memories == ("stack",) * getattr(memory, "stacks", 1)
    assert found.agreement == Agreement(20, 20, None)


def test_a_program_needs_stacks_that_are_read_at_one_element():
    found = find_transducer(harden(machine_with(SuperpositionStack(3, depth_read=2))), TASK, (1, 8), 20)
    assert found.program is None
    assert "read at one element each: train with such a memory" in found.reason


ENDS = {
    "stack": (HardStack(3), (End("stack"),)),
    "queue": (Quantized(NeuralQueue(3)), (End("queue"),)),
    "superposition": (HardMixtureStacks(SuperpositionStack(3, stacks=2, depth_read=3)), (End("stack", 3, -1.0),) * 2),
    "both": (
        CompositeMemory(HardMixtureStacks(PointerStack(3)), Quantized(NeuralQueue(3))),
        (End("stack"), End("queue")),
    ),
    "deque": (Quantized(NeuralDeque(3)), ()),
    "deque among others": (CompositeMemory(HardStack(3), Quantized(NeuralDeque(3))), ()),
    "soft": (NeuralStack(3), ()),
}


@pytest.mark.parametrize(("memory", "ends"), ENDS.values(), ids=ENDS)
def test_discrete_memories_are_stacks_and_queues(memory, ends):
    assert memory.ends() == ends
    if ends:
        actions = memory.end_actions(memory.decode(jnp.ones((5, memory.action_size))))
        assert [(one.push.shape, one.pop.shape, one.value.shape) for one in actions] == [((5,), (5,), (5, 3))] * len(
            ends
        )


@pytest.mark.parametrize("memory", [HardStack(3), *map(HardMixtureStacks, MEMORIES.values())])
def test_the_signs_of_the_decisions_say_what_is_done(memory):
    @jax.jit
    @jax.vmap
    def decided_and_done(raw):
        actions = memory.end_actions(memory.decode(raw))
        done = jnp.stack([gate for action in actions for gate in (action.push, action.pop)])
        return phase_of(raw[: sum(memory.gate_widths)] @ memory.decision_matrix()), phase_of(done - 0.5)

    raw = jax.random.normal(jax.random.key(3), (500, memory.action_size))
    decided, done = map(np.asarray, decided_and_done(raw))
    assert len(set(done)) > 2
    assert all(len(set(done[decided == one])) == 1 for one in set(decided))
