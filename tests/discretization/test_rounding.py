import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import MEMORIES_UNDER_TEST, quick
from neuralstack import (
    GRU,
    Action,
    CompositeMemory,
    DequeAction,
    HardStack,
    MixedAction,
    NeuralQueue,
    NeuralStack,
    Quantized,
    TapeAction,
    harden,
    run,
)
from small import drawn_machine

WIDTH, STEPS = 3, 12
ROUNDED = [name for name in MEMORIES_UNDER_TEST if name not in ("nondeterministic", "none")]


def machine_with(memory, connection="feedback"):
    return drawn_machine(GRU, memory, 5, hidden=8, embedding=WIDTH, connection=connection)


def discrete(action):
    """Every strength in an action, and every mixture's weights."""
    if isinstance(action, Action):
        return [action.push, action.pop]
    if isinstance(action, MixedAction):
        np.testing.assert_allclose(action.operation.sum(-1), 1, rtol=1e-6)
        return [action.operation]
    if isinstance(action, TapeAction):
        return [action.write, action.move]
    return [part for one in action for part in discrete(one)]


@pytest.mark.parametrize("name", quick(ROUNDED, "deque", "stack and queue", "superposition", "tape"))
def test_a_hardened_machine_acts_with_0_and_1_where_the_soft_one_is_nearest(name):
    machine = machine_with(MEMORIES_UNDER_TEST[name](WIDTH))
    hard = harden(machine)
    raw = 2 * jax.random.normal(jax.random.key(1), (STEPS, machine.memory.action_size))
    soft_action, hard_action = jax.jit(lambda raw: (machine.memory.decode(raw), hard.memory.decode(raw)))(raw)
    for soft, rounded in zip(discrete(soft_action), discrete(hard_action), strict=True):
        assert set(np.unique(rounded)) <= {0, 1}
        largest = soft >= 0.5 if soft.shape == (STEPS,) else soft == soft.max(-1, keepdims=True)
        np.testing.assert_array_equal(rounded, largest)


@pytest.mark.parametrize("name", quick(ROUNDED, "deque", "stack and queue", "superposition", "tape"))
def test_hardening_keeps_the_weights_and_whoever_is_hard_stays_as_it_is(name):
    machine = machine_with(MEMORIES_UNDER_TEST[name](WIDTH))
    hard = harden(machine)
    for one, other in zip(jax.tree.leaves(machine), jax.tree.leaves(hard), strict=True):
        np.testing.assert_array_equal(one, other)
    assert harden(hard).memory == hard.memory
    assert jax.eval_shape(hard.trace, jnp.arange(4)).logits.shape == (4, 5)


def test_a_hard_stack_reads_what_a_neural_stack_reads_of_rounded_strengths():
    raw = 2 * jax.random.normal(jax.random.key(2), (STEPS, 2 + WIDTH))
    hard = harden(machine_with(NeuralStack(WIDTH))).memory
    assert hard == HardStack(WIDTH)
    rounded = Quantized(NeuralStack(WIDTH))
    np.testing.assert_allclose(run(hard, hard.decode(raw)), run(rounded, rounded.decode(raw)), atol=1e-6)


def test_both_ends_of_a_deque_and_each_of_several_memories_are_rounded():
    deque = Quantized(MEMORIES_UNDER_TEST["deque"](WIDTH))
    assert isinstance(deque.decode(jnp.ones(deque.action_size)), DequeAction)
    both = harden(machine_with(CompositeMemory(NeuralStack(WIDTH), NeuralQueue(WIDTH)))).memory
    assert both == CompositeMemory(HardStack(WIDTH), Quantized(NeuralQueue(WIDTH)))


def test_a_memory_without_a_discrete_form_is_refused_with_what_it_would_have_to_define():
    memory = MEMORIES_UNDER_TEST["nondeterministic"](WIDTH)
    with pytest.raises(ValueError, match=r"NondeterministicStack has no discrete form: define discretized\(\)"):
        harden(machine_with(memory, "paper"))
    with pytest.raises(ValueError, match=r"actions that cannot be rounded: define quantize\(action\)"):
        Quantized(memory)
