import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import EVERY_MEMORY, MEMORIES_UNDER_TEST
from neuralstack import Action, NeuralStack, run

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


@every_memory
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


def test_float32_reads_of_a_tall_stack_are_off_by_the_height_times_the_resolution():
    rng = np.random.default_rng(0)
    push, pop = 1 - 0.1 * rng.random(1000), 0.1 * rng.random(1000)
    action = Action(push, pop, rng.uniform(-1, 1, (1000, WIDTH)))
    with jax.enable_x64(True):
        wanted = np.asarray(run(NeuralStack(WIDTH), action))
    assert wanted.dtype == np.float64
    heights = np.cumsum(push - pop)
    single = run(NeuralStack(WIDTH), Action(*(part.astype(np.float32) for part in action)))
    error = np.abs(single - wanted).max(1)
    assert (error <= 10 * 2**-24 * (1 + heights)).all()
    assert error.max() > 2**-24  # else this would compare float64 with itself
