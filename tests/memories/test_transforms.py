from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import EVERY_MEMORY, MEMORIES_UNDER_TEST, quick
from neuralstack import (
    Action,
    DequeAction,
    MixedAction,
    NeuralStack,
    PointerStack,
    SuperpositionStack,
    Tape,
    TapeAction,
    read_weights,
    run,
)

STEPS, WIDTH = 5, 3
every_memory = pytest.mark.parametrize("name", EVERY_MEMORY)


def memory_and_raw(name, *batch):
    memory = MEMORIES_UNDER_TEST[name](WIDTH)
    return memory, jax.random.normal(jax.random.key(0), (*batch, STEPS, memory.action_size))


def run_and_steps(memory, raw):
    """The reads of a run, and of single steps, of which the state is observed too."""

    def step(state, now):
        state, read = memory.step(state, now)
        return state, (read, memory.strengths(state))

    action = memory.decode(raw)
    return run(memory, action), jax.lax.scan(step, memory.init(len(raw)), action)[1]


def assert_close(got, wanted):
    for one, other in zip(jax.tree.leaves(got), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("name", quick(MEMORIES_UNDER_TEST, "stack", "superposition"))
def test_compiled_it_does_what_it_does_uncompiled_and_a_scan_of_its_step_reads_what_a_run_reads(name):
    memory, raw = memory_and_raw(name)
    raw = raw[:3]
    with jax.disable_jit():
        wanted = run_and_steps(memory, raw)
    got = jax.jit(lambda raw: run_and_steps(memory, raw))(raw)
    assert_close(got, wanted)
    reads, (step_reads, _) = got
    assert_close(reads, step_reads)


@every_memory
def test_a_run_of_no_steps_reads_nothing_and_has_no_gradient(name):
    memory, raw = memory_and_raw(name)

    @jax.jit
    def pulled_back(raw):
        reads, pull = jax.vjp(lambda raw: run(memory, memory.decode(raw)), raw)
        return reads, *pull(reads)

    reads, gradient = pulled_back(raw[:0])
    assert reads.shape == (0, memory.read_size)
    assert gradient.shape == (0, memory.action_size)


@every_memory
def test_mapped_it_has_the_reads_and_gradients_of_a_loop(name):
    memory, raw = memory_and_raw(name, 6)

    def with_gradient(raw):
        reads, pull = jax.vjp(lambda raw: run(memory, memory.decode(raw)), raw)
        return reads, *pull(jnp.cos(reads))

    assert_close(*jax.jit(lambda raw: (jax.vmap(with_gradient)(raw), jax.lax.map(with_gradient, raw)))(raw))


@every_memory
@pytest.mark.slow
def test_mapped_twice_it_reads_what_it_reads_mapped_once(name):
    memory, raw = memory_and_raw(name, 2, 3)
    once = jax.vmap(lambda raw: run_and_steps(memory, raw))
    twice, wanted = jax.jit(lambda raw: (jax.vmap(once)(raw), once(raw.reshape(6, *raw.shape[2:]))))(raw)
    assert_close(jax.tree.map(lambda leaf: leaf.reshape(6, *leaf.shape[2:]), twice), wanted)


@every_memory
def test_a_raw_action_has_its_heads_and_decodes_alike_one_step_or_many_at_a_time(name):
    memory, raw = memory_and_raw(name)
    assert sum(memory.gate_widths + memory.value_widths) == memory.action_size == len(memory.initial_bias())

    @jax.jit
    def decoded(raw):
        return memory.decode(raw), jax.vmap(memory.decode)(raw), memory.gates(memory.decode(raw))

    at_once, one_by_one, gates = decoded(raw)
    assert_close(at_once, one_by_one)
    assert gates.shape[0] == STEPS
    assert ((gates >= 0) & (gates <= 1)).all()


def test_a_stack_starts_out_pushing_more_than_it_pops():
    stack = NeuralStack(WIDTH)
    action = stack.decode(stack.initial_bias())
    np.testing.assert_allclose(stack.gates(action), [1 / (1 + np.exp(-1)), 1 / (1 + np.exp(1))], rtol=1e-6)
    np.testing.assert_array_equal(action.value, np.zeros(WIDTH))


def test_python_numbers_make_an_action():
    stack = NeuralStack(2)
    state, first = stack.step(stack.init(2), Action(0.8, 0.0, [1.0, 2.0]))
    state, second = stack.step(state, Action(push=1, pop=0, value=(3, 4)))
    np.testing.assert_allclose(first, [0.8, 1.6], rtol=1e-6)
    np.testing.assert_allclose(second, [3, 4], rtol=1e-6)
    assert second.dtype == jnp.float32


def dtypes_of(value_dtype, strength_dtype=None):
    """The dtypes of the reads of a run and of a step, and of the strengths that the step leaves."""
    stack = NeuralStack(WIDTH)

    def run_and_step(push, value):
        dtype = value_dtype if jnp.issubdtype(value_dtype, jnp.floating) else None
        state, read = stack.step(stack.init(STEPS, dtype), Action(push[0], push[0], value[0]))
        return run(stack, Action(push, push, value)), read, stack.strengths(state)

    shapes = jax.eval_shape(run_and_step, jnp.ones(STEPS, strength_dtype), jnp.ones((STEPS, WIDTH), value_dtype))
    return tuple(shape.dtype for shape in shapes)


def test_bfloat16_values_are_read_as_bfloat16_with_float32_strengths():
    assert dtypes_of(jnp.bfloat16) == (jnp.bfloat16, jnp.bfloat16, jnp.float32)
    assert dtypes_of(jnp.bfloat16, jnp.bfloat16) == (jnp.bfloat16, jnp.bfloat16, jnp.float32)


def test_float64_values_are_all_float64(float64):
    assert dtypes_of(jnp.float64) == (jnp.float64, jnp.float64, jnp.float64)
    assert dtypes_of(jnp.float64, jnp.float32) == (jnp.float64, jnp.float64, jnp.float64)


def test_whole_numbers_are_read_in_the_default_floating_dtype():
    assert dtypes_of(jnp.int32) == (jnp.float32, jnp.float32, jnp.float32)
    with jax.enable_x64(True):
        assert dtypes_of(jnp.int32) == (jnp.float64, jnp.float64, jnp.float64)


def test_gradients_have_the_dtypes_of_what_they_are_the_gradients_of():
    stack = NeuralStack(WIDTH)
    strengths = jnp.full(STEPS, 0.5)
    action = Action(strengths, strengths.astype(jnp.bfloat16), jnp.ones((STEPS, WIDTH), jnp.bfloat16))
    gradient = jax.eval_shape(jax.grad(lambda action: run(stack, action).sum()), action)
    assert [part.dtype for part in gradient] == [jnp.float32, jnp.bfloat16, jnp.bfloat16]


def test_bfloat16_reads_are_the_float32_reads_rounded():
    rng = np.random.default_rng(0)
    push, pop = rng.random((2, 30)).astype(np.float32)
    values = jnp.asarray(rng.normal(size=(30, WIDTH)), jnp.bfloat16)
    wanted = run(NeuralStack(WIDTH), Action(push, pop, values.astype(jnp.float32)))
    reads = run(NeuralStack(WIDTH), Action(push, pop, values))
    np.testing.assert_allclose(reads.astype(jnp.float32), wanted, atol=0.03)


LONG = 2000


@pytest.mark.parametrize("low", quick([0.0, 0.7], 0.0), ids=["up and down", "ever taller"])
@pytest.mark.parametrize("name", ["stack in pure JAX", "queue in pure JAX"])
def test_float32_reads_and_gradients_of_long_sequences_are_those_of_float64(name, low):
    memory, rng = MEMORIES_UNDER_TEST[name](WIDTH), np.random.default_rng(LONG)
    push, pop = low + (1 - low) * rng.random(LONG), (1 - low) * rng.random(LONG)
    values, cotangent = rng.uniform(-1, 1, (2, LONG, WIDTH))
    given = [part.astype(np.float32) for part in (push, pop, values, cotangent)]

    @jax.jit
    def pulled_back(push, pop, values, cotangent):
        action = Action(push, pop, values)
        reads, pull = jax.vjp(lambda action: run(memory, action), action)
        return reads, jax.lax.scan(memory.step, memory.init(LONG), action)[1], *pull(cotangent)[0]

    got = jax.device_get(pulled_back(*given))
    with jax.enable_x64(True):
        wanted = jax.device_get(pulled_back(*(part.astype(np.float64) for part in given)))
    for one, other in zip(got, wanted, strict=True):
        assert other.dtype == np.float64
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-5 * max(1, np.abs(other).max()))


NONFINITE = {"a push": (0, jnp.nan), "a pop": (1, jnp.inf), "a value": (2, jnp.nan), "an infinite push": (0, jnp.inf)}


NAN_SHOWS = ["stack", "queue", "deque", "hard", *(f"{name} in pure JAX" for name in ("stack", "queue", "deque"))]


@jax.jit(static_argnums=0)
def by_every_form(memory, action):
    """The reads of a run, of steps and of the unroll's steps; and the gradients of a run and of the unroll's steps."""
    vjp, times = memory.sequence_vjp(), jnp.arange(40)
    reads, pull = jax.vjp(lambda action: run(memory, action), action)

    def step_forward(carry, now):
        return vjp.step_forward(carry, *now)

    def step_backward(carry, time):
        return vjp.step_backward(carry, time, jnp.ones(memory.read_size))

    by_steps = jax.lax.scan(memory.step, memory.init(40), action)[1]
    unrolled = jax.lax.scan(step_forward, vjp.start_forward(40, jnp.float32), (times, action))[1]
    undone = jax.lax.scan(step_backward, vjp.start_backward(action, jnp.asarray(40)), times, reverse=True)[1]
    return (reads, by_steps, unrolled), (pull(jnp.ones_like(reads))[0], undone)


@pytest.mark.parametrize("name", quick(NAN_SHOWS, "stack", "queue in pure JAX"))
def test_a_number_that_is_not_finite_makes_reads_and_gradients_nan_from_its_step_on(name):
    memory, rng = MEMORIES_UNDER_TEST[name](WIDTH), np.random.default_rng(0)
    for field, number in NONFINITE.values():
        strengths = rng.integers(0, 2, (2, 40)) if name == "hard" else rng.uniform(0.1, 0.9, (2, 40))
        parts = [*strengths.astype(np.float32), rng.normal(size=(40, WIDTH)).astype(np.float32)]
        whole = Action(*(part.copy() for part in parts))
        parts[field][20] = number
        both = [DequeAction(whole, action) if "deque" in name else action for action in (whole, Action(*parts))]
        (wanted, *_), _ = by_every_form(memory, both[0])
        every_read, gradients = by_every_form(memory, both[1])
        for reads in every_read:
            np.testing.assert_allclose(reads[:20], wanted[:20], atol=1e-5)
        for leaf in jax.tree.leaves((every_read, gradients)):
            assert np.isfinite(leaf[:20]).all()
            assert np.isnan(leaf[20:]).all()
        for one, other in zip(*map(jax.tree.leaves, gradients), strict=True):
            np.testing.assert_allclose(one[:20], other[:20], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("queue", quick([False, True], False))
def test_a_strength_that_is_not_finite_makes_read_weights_and_their_gradients_nan_from_its_step_on(queue):
    push, pop = jnp.full(40, 0.7), jnp.full(40, 0.3)
    for field, number in list(NONFINITE.values())[:2]:
        strengths = [push, pop]
        strengths[field] = strengths[field].at[20].set(number)
        form = jax.jit(partial(read_weights, queue=queue))
        weights, pull = jax.vjp(form, *strengths)
        np.testing.assert_allclose(weights[:20], form(push, pop)[:20], atol=1e-6)
        assert np.isnan(weights[20:]).all()
        for gradient in pull(jnp.ones_like(weights)):
            assert np.isfinite(gradient[:20]).all()
            assert np.isnan(gradient[20:]).all()


@pytest.mark.parametrize("name", ["superposition", "pointer", "tape"])
def test_a_value_that_is_not_finite_is_read_from_its_step_on_by_a_mixture(name):
    memory, raw = memory_and_raw(name)
    action = memory.decode(raw)
    reads = jax.jit(lambda action: run(memory, action))(action._replace(value=action.value.at[3].set(jnp.nan)))
    assert np.isfinite(reads[:3]).all()
    assert np.isnan(reads[3:]).all()


@every_memory
def test_a_step_can_be_given_the_buffers_of_the_empty_memory(name):
    memory, raw = memory_and_raw(name)
    step = jax.jit(memory.step, donate_argnums=0)
    jax.block_until_ready(step(memory.init(3), memory.decode(raw[0])))


def test_known_weights_of_a_mixture_are_checked_while_a_program_is_traced():
    known, values = jnp.eye(3)[:2], jnp.ones((2, 1))
    read = jax.jit(lambda values: run(PointerStack(1), MixedAction(known, values)))
    assert read(values).shape == (2, 1)
    both = jax.jit(lambda values: run(SuperpositionStack(1), MixedAction(known[:, None], values[:, None])))
    assert both(values).shape == (2, 1)
    moves = jnp.eye(4)[:2]
    assert jax.jit(lambda values: run(Tape(1), TapeAction(jnp.ones(2), moves, values)))(values).shape == (2, 1)
    twice = 2 * known
    wrong = jax.jit(lambda values: run(PointerStack(1), MixedAction(twice, values)))
    with pytest.raises(ValueError, match="must lie in"):
        wrong(values)
