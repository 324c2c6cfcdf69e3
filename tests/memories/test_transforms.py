import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import EVERY_MEMORY, MEMORIES_UNDER_TEST, quick
from neuralstack import (
    Action,
    MixedAction,
    NeuralStack,
    PointerStack,
    SuperpositionStack,
    Tape,
    TapeAction,
    run,
)

STEPS, WIDTH = 5, 3
every_memory = pytest.mark.parametrize("name", EVERY_MEMORY)


def memory_and_raw(name, *batch):
    memory = MEMORIES_UNDER_TEST[name](WIDTH)
    return memory, jax.random.normal(jax.random.key(0), (*batch, STEPS, memory.action_size))


def run_and_steps(memory, raw):
    """The reads of a run, and of single steps whose state is observed too."""

    def step(state, now):
        state, read = memory.step(state, now)
        return state, (read, memory.strengths(state))

    action = memory.decode(raw)
    return run(memory, action), jax.lax.scan(step, memory.init(len(raw)), action)[1]


def assert_close(got, wanted):
    for one, other in zip(jax.tree.leaves(got), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("name", quick(MEMORIES_UNDER_TEST, "stack"))
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


LONG = 2000


@pytest.mark.slow
@pytest.mark.parametrize("low", quick([0.0, 0.7], 0.0), ids=["up and down", "ever taller"])
@pytest.mark.parametrize("name", quick(["stack in pure JAX", "queue in pure JAX"], "stack in pure JAX"))
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
