import re
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from cases import quick
from neuralstack.memories import NondeterministicAction, NondeterministicStack
from neuralstack.reference import nondeterministic_reads

SIZES = [(6, 1, 2), (6, 2, 1), (5, 2, 2), (4, 2, 3)]


def draw(seed, steps, states, symbols, scale=1.0):
    """Log weights of every transition at every step, as NumPy arrays."""
    rng = np.random.default_rng(seed)
    pair = states, symbols
    shapes = (steps, *pair, *pair), (steps, *pair, *pair), (steps, *pair, states)
    return NondeterministicAction(*(scale * rng.normal(size=shape) for shape in shapes))


def nothing(steps, states, symbols):
    """No transition at all."""
    return jax.tree.map(lambda part: np.full_like(part, -np.inf), draw(0, steps, states, symbols))


def by_run(memory, action):
    return memory.run(action)


def by_steps(memory, action):
    action = memory.check(action, steps=True)
    return jax.lax.scan(memory.step, memory.init(len(action.pop), action.pop.dtype), action)[1]


@partial(jax.jit, static_argnums=(0, 1))
def reads_of(form, memory, action):
    return form(memory, action)


def weighted_sum(form, memory, action):
    """A sum of the reads with a different weight for each."""
    reads = form(memory, action)
    return (reads * jnp.cos(jnp.arange(reads.size, dtype=reads.dtype)).reshape(reads.shape)).sum()


@partial(jax.jit, static_argnums=(0, 1))
def gradient(form, memory, action):
    return jax.grad(lambda action: weighted_sum(form, memory, action))(action)


def all_finite(tree):
    return all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(tree))


def reference(action):
    return nondeterministic_reads(*action).reshape(len(action.pop), -1)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("form", [by_run, by_steps])
@pytest.mark.parametrize("sizes", quick(SIZES, SIZES[-1]), ids=str)
def test_reads_equal_the_sum_over_all_configurations_whether_weights_are_even_or_peaked(sizes, form):
    memory = NondeterministicStack(*sizes[1:])
    for seed, scale in enumerate((1.0, 1.0, 10.0, 1000.0)):
        action = draw(seed, *sizes, scale)
        np.testing.assert_allclose(reads_of(form, memory, action), reference(action), rtol=0, atol=1e-9)


@pytest.mark.parametrize("form", [by_run, by_steps])
def test_float32_reads_equal_the_sum_over_all_configurations(form):
    action = draw(0, 5, 2, 2)
    reads = reads_of(form, NondeterministicStack(2, 2), jax.tree.map(np.float32, action))
    assert reads.dtype == jnp.float32
    np.testing.assert_allclose(reads, reference(action), rtol=0, atol=2e-6)


@pytest.mark.usefixtures("float64")
@pytest.mark.slow
def test_most_transitions_may_be_missing():
    memory = NondeterministicStack(2, 2)
    rng = np.random.default_rng(0)
    dead = 0
    for seed in range(20):
        action = jax.tree.map(lambda part: np.where(rng.random(part.shape) < 0.2, part, -np.inf), draw(seed, 5, 2, 2))
        wanted = reference(action)
        dead += not wanted[-1].any()
        np.testing.assert_allclose(reads_of(by_run, memory, action), wanted, rtol=0, atol=1e-9)
        assert all_finite(gradient(by_run, memory, action))
    assert 0 < dead < 20


@pytest.mark.parametrize("shift", [-1e4, 1e4])
def test_a_factor_common_to_all_weights_of_a_step_changes_nothing(shift):
    memory, action = NondeterministicStack(2, 2), draw(0, 5, 2, 2)
    # Whole numbers and halves, which stay exact in float32 when they are shifted.
    action = jax.tree.map(lambda part: np.float32(np.round(2 * part) / 2), action)
    shifted = jax.tree.map(lambda part: part + np.float32(shift), action)
    np.testing.assert_array_equal(reads_of(by_run, memory, shifted), reads_of(by_run, memory, action))


@pytest.mark.usefixtures("float64")
@pytest.mark.slow
def test_gradients_of_a_run_equal_those_of_single_steps_and_finite_differences():
    memory, action = NondeterministicStack(2, 2), draw(3, 5, 2, 2)
    of_run, of_steps = gradient(by_run, memory, action), gradient(by_steps, memory, action)
    flat, shape = ravel_pytree(action)
    directions = np.eye(flat.size) * 1e-5
    value = jax.jit(jax.vmap(lambda flat: weighted_sum(by_steps, memory, shape(flat))))
    differences = (value(flat[None] + directions) - value(flat[None] - directions)) / 2e-5
    ones, others = (ravel_pytree(part)[0] for part in (of_run, of_steps))
    np.testing.assert_allclose(ones, others, rtol=0, atol=1e-12)
    np.testing.assert_allclose(ones, differences, rtol=0, atol=1e-8)
    assert np.abs(ones).max() > 0.01


@pytest.mark.parametrize("scale", [0.0, 1.0, 1e4])
@pytest.mark.slow
def test_gradients_are_finite_after_forty_steps(scale):
    action = jax.tree.map(lambda part: np.float32(scale * np.sign(part)), draw(0, 40, 2, 2))
    memory = NondeterministicStack(2, 2)
    assert all_finite(reads_of(by_run, memory, action))
    assert all_finite(gradient(by_run, memory, action))


@pytest.mark.parametrize("form", [by_run, by_steps])
@pytest.mark.slow
def test_gradients_are_finite_once_no_run_is_alive(form):
    memory, action = NondeterministicStack(2, 2), draw(0, 5, 2, 2)
    for part in action:
        part[1:] = -1e30
    assert not reads_of(form, memory, action)[1:].any()
    assert all_finite(gradient(form, memory, action))
    assert all_finite(gradient(form, memory, nothing(5, 2, 2)))


@pytest.mark.parametrize("scale", [0.0, 1.0, 1e4])
@pytest.mark.slow
def test_the_first_step_has_a_finite_gradient_where_something_is_pushed_or_replaced_and_none_for_a_pop(scale):
    memory, raw = NondeterministicStack(), jnp.full(84, scale).at[::5].multiply(-1)
    weights = jnp.arange(6.0)
    of_step = jax.jit(jax.grad(lambda raw: memory.step(memory.init(1), memory.decode(raw))[1] @ weights))
    push, replace, pop = memory.decode(of_step(raw))
    assert all_finite((push, replace))
    assert push[0, 0].any()
    assert replace[0, 0].any()
    assert not pop.any()


def test_nothing_is_read_once_no_run_is_alive():
    action = nothing(5, 2, 2)
    action.push[0, 0, 0, 1, 1] = action.push[2:] = 0
    reads = reads_of(by_run, NondeterministicStack(2, 2), action)
    np.testing.assert_array_equal(reads, [[0, 0, 0, 1]] + 4 * [[0] * 4])


def test_one_heavy_transition_a_step_makes_it_a_stack():
    steps, symbols = 40, 4
    rng = np.random.default_rng(0)
    raw = jax.tree.map(lambda part: -1e3 + part, draw(0, steps, 1, symbols))
    stack, wanted = [0], []
    for t in range(steps):
        operation, symbol = rng.choice(["push", "push", "replace", "pop"]), int(rng.integers(symbols))
        if operation == "push":
            raw.push[t, 0, :, 0, symbol] = 0
            stack = [*stack, symbol]
        elif operation == "pop" and len(stack) > 1:
            raw.pop[t] = 0
            stack = stack[:-1]
        else:
            raw.replace[t, 0, :, 0, symbol] = 0
            stack = [*stack[:-1], symbol]
        wanted.append(np.eye(symbols)[stack[-1]])
    np.testing.assert_allclose(NondeterministicStack(1, symbols).run(raw), wanted, rtol=0, atol=1e-5)


@pytest.mark.slow
def test_raw_numbers_are_the_weights_in_order():
    memory = NondeterministicStack()
    raw = jnp.arange(2.0 * 5 * memory.action_size).reshape(2, 5, memory.action_size)
    action = memory.decode(raw)
    assert memory.gate_widths == (36, 36, 12)
    assert [part.shape for part in action] == [(2, 5, 2, 3, 2, 3), (2, 5, 2, 3, 2, 3), (2, 5, 2, 3, 2)]
    np.testing.assert_array_equal(jnp.concatenate([part.reshape(2, 5, -1) for part in action], -1), raw)
    assert memory.gates(action).shape == (2, 5, 0)
    assert not memory.initial_bias().any()


def test_before_the_first_step_the_bottom_symbol_is_seen_in_the_first_state_and_then_what_was_read():
    memory, action = NondeterministicStack(), draw(0, 1, 2, 3)
    state = memory.init(1)
    np.testing.assert_array_equal(memory.strengths(state), [1, 0, 0, 0, 0, 0])
    state, read = jax.jit(memory.step)(state, jax.tree.map(lambda part: part[0], action))
    np.testing.assert_array_equal(memory.strengths(state), read)
    np.testing.assert_allclose(read.sum(), 1, rtol=1e-6)


def test_it_can_be_compiled_and_batched():
    memory = NondeterministicStack(2, 2)
    batch = jax.tree.map(lambda *parts: np.stack(parts).astype(np.float32), *(draw(seed, 5, 2, 2) for seed in range(3)))
    for form in (by_run, by_steps):
        reads = jax.jit(jax.vmap(partial(form, memory)))(batch)
        for row in range(3):
            alone = reads_of(form, memory, jax.tree.map(lambda part, row=row: part[row], batch))
            np.testing.assert_allclose(reads[row], alone, rtol=0, atol=1e-6)


def test_only_as_many_steps_are_taken_as_there_are():
    memory, action = NondeterministicStack(2, 2), draw(0, 5, 2, 2)
    reads = jax.jit(lambda steps: memory.run(action, steps))(4)
    np.testing.assert_allclose(reads[:4], reads_of(by_run, memory, action)[:4], rtol=0, atol=1e-6)


@pytest.mark.parametrize("dtype", quick([jnp.bfloat16, jnp.float16], jnp.bfloat16))
def test_low_precision_weights_are_summed_in_float32(dtype):
    memory = NondeterministicStack(2, 2)
    action = jax.tree.map(lambda part: jnp.asarray(part, dtype), draw(0, 5, 2, 2))
    assert memory.init(5, dtype).gamma.dtype == jnp.float32
    reads = reads_of(by_run, memory, action)
    assert reads.dtype == dtype
    np.testing.assert_allclose(np.float32(reads), reference(jax.tree.map(np.float64, action)), rtol=0, atol=0.005)


@pytest.mark.slow
def test_low_precision_weights_have_finite_gradients_of_their_dtype():
    action = jax.tree.map(lambda part: jnp.asarray(part, jnp.bfloat16), draw(0, 5, 2, 2))
    cotangent = gradient(by_run, NondeterministicStack(2, 2), action)
    assert [part.dtype for part in cotangent] == 3 * [jnp.bfloat16]
    assert all_finite(jax.tree.map(np.float32, cotangent))


@pytest.mark.parametrize(("states", "symbols"), [(0, 3), (2, 0), (-1, 1)])
def test_an_automaton_without_states_or_symbols_is_refused(states, symbols):
    said = f"must have at least 1 state and 1 symbol, got states={states}, symbols={symbols}."
    with pytest.raises(ValueError, match=re.escape(said)):
        NondeterministicStack(states, symbols)


def test_weights_of_other_shapes_are_refused():
    memory, action = NondeterministicStack(1, 2), draw(0, 4, 1, 2)
    said = (
        "NondeterministicStack takes push [1, 2, 1, 2], replace [1, 2, 1, 2], pop [1, 2, 1]; "
        "got push [4, 1, 2, 1, 2], replace [4, 1, 2, 1, 2], pop [4, 1, 2, 1]."
    )
    with pytest.raises(ValueError, match=re.escape(said)):
        memory.step(memory.init(4), action)
    said = (
        "NondeterministicStack takes push [steps, 1, 2, 1, 2], replace [steps, 1, 2, 1, 2], pop [steps, 1, 2, 1]; "
        "got push [4, 1, 2, 1, 2], replace [4, 1, 2, 1, 2], pop [3, 1, 2, 1]."
    )
    with pytest.raises(ValueError, match=re.escape(said)):
        memory.run(action._replace(pop=action.pop[:3]))
