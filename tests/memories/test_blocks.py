"""Whole sequences in pure JAX, over several blocks of steps, are what single steps are, in linear space."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import quick
from neuralstack import Action, NeuralQueue, NeuralStack

STEPS, WIDTH = 150, 3
MEMORIES = {"stack": NeuralStack(WIDTH, kernel=False), "queue": NeuralQueue(WIDTH, kernel=False)}
every_memory = pytest.mark.parametrize("name", MEMORIES)


def half_pushed(steps):
    return (np.arange(steps) < steps // 2).astype(float)


def with_gaps(rng, steps):
    """A tall stack of which one element is left in each of many blocks, before a long descent."""
    balanced = rng.integers(0, 2, steps // 2) * (np.arange(steps // 2) % 20 > 0)
    push = np.concatenate([np.maximum(balanced, np.arange(steps // 2) % 20 == 0), np.zeros(steps - steps // 2)])
    return np.stack([push, np.concatenate([np.roll(balanced, 1), np.ones(steps - steps // 2)])])


# Push and pop strengths of sequences that reach far back, see many elements, none, or exactly one.
KINDS = {
    "uniform": lambda rng, steps: rng.random((2, steps)),
    "tiny": lambda rng, steps: 0.001 * rng.random((2, steps)) * [[1.0], [0.1]],
    "rising": lambda rng, steps: np.stack([1 - 0.1 * rng.random(steps), 0.1 * rng.random(steps)]),
    "emptied": lambda rng, steps: np.stack([0.3 * rng.random(steps), rng.random(steps)]),
    "filled, then emptied": lambda rng, steps: np.stack([half_pushed(steps), 1 - half_pushed(steps)]),
    "filled, then emptied softly": lambda rng, steps: (
        rng.random((2, steps)) * np.stack([half_pushed(steps), 1 - half_pushed(steps)])
    ),
    "with gaps": with_gaps,
    "all 0": lambda rng, steps: np.zeros((2, steps)),
    "all 1": lambda rng, steps: np.ones((2, steps)),
    "0 or 1": lambda rng, steps: rng.integers(0, 2, (2, steps)).astype(float),
    "0 or 1, mostly pushed": lambda rng, steps: (rng.random((2, steps)) < [[0.9], [0.2]]).astype(float),
    "eighths": lambda rng, steps: rng.integers(0, 9, (2, steps)) / 8,
    "eighths or 0": lambda rng, steps: rng.integers(0, 9, (2, steps)) * rng.integers(0, 2, (2, steps)) / 8,
}


def draw(steps, dtype=np.float64):
    """An action of each kind, and cotangents of the reads."""
    rng = np.random.default_rng(steps)
    push, pop = np.stack([kind(rng, steps) for kind in KINDS.values()], axis=1).astype(dtype)
    values, cotangents = rng.normal(size=(2, len(KINDS), steps, WIDTH)).astype(dtype)
    return Action(push, pop, values), cotangents


@cache
def pulled_back(form):
    """A compiled form of a batch of sequences, with its gradient."""

    def one(action, cotangent):
        reads, pull = jax.vjp(form, action)
        return reads, pull(cotangent)[0]

    return jax.jit(jax.vmap(one))


def assert_close(got, wanted, tolerance):
    for one, other in zip(jax.tree.leaves(got), jax.tree.leaves(wanted), strict=True):
        for kind, row, wanted_row in zip(KINDS, one, other, strict=True):
            scale = max(1, np.abs(wanted_row).max())
            np.testing.assert_allclose(row, wanted_row, rtol=0, atol=tolerance * scale, err_msg=kind)


@every_memory
def test_reads_and_gradients_are_those_of_single_steps_also_at_ties(name, float64):
    memory, given = MEMORIES[name], draw(STEPS)
    assert_close(pulled_back(memory.run)(*given), pulled_back(memory.scan)(*given), 1e-12)


@pytest.mark.slow
@every_memory
def test_in_float32_errors_do_not_grow_with_the_length(name):
    memory, steps = MEMORIES[name], 2048
    got = pulled_back(memory.run)(*draw(steps, np.float32))
    with jax.enable_x64(True):
        exact = jax.tree.map(lambda leaf: leaf.astype(np.float64), draw(steps, np.float32))
        wanted = jax.device_get(pulled_back(type(memory)(WIDTH, kernel=False).scan)(*exact))
    assert_close(got, wanted, 1e-5)


@every_memory
def test_steps_beyond_the_length_change_neither_the_reads_before_nor_any_gradient(name):
    memory = MEMORIES[name]
    action, cotangent = jax.tree.map(lambda leaf: leaf[0], draw(STEPS, np.float32))

    @jax.jit
    def pulled_back(action, cotangent, steps):
        reads, pull = jax.vjp(lambda action: memory.run(action, steps), action)
        return reads, pull(cotangent)[0]

    for steps in (3, 100):
        reads, gradient = pulled_back(action, cotangent, jnp.asarray(steps))
        cut = np.where(np.arange(STEPS)[:, None] < steps, cotangent, 0)
        wanted, wanted_gradient = pulled_back(action, cut, jnp.asarray(STEPS))
        np.testing.assert_allclose(reads[:steps], wanted[:steps], atol=1e-6)
        jax.tree.map(lambda one, other: np.testing.assert_allclose(one, other, atol=1e-5), gradient, wanted_gradient)


@pytest.mark.parametrize("name", quick(MEMORIES, "stack"))
def test_sums_over_several_blocks_of_bfloat16_values_are_rounded_once(name):
    action, _ = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), draw(STEPS))
    rounded = action._replace(value=action.value.astype(jnp.bfloat16))
    wanted = jax.jit(jax.vmap(MEMORIES[name].run))(action._replace(value=rounded.value.astype(jnp.float32)))
    reads = jax.jit(jax.vmap(MEMORIES[name].run))(rounded)
    np.testing.assert_allclose(reads.astype(jnp.float32), wanted, rtol=2**-7, atol=0.02)


@pytest.mark.slow
@every_memory
def test_twice_as_many_steps_need_twice_the_space(name):
    def space(steps):
        shapes = [jax.ShapeDtypeStruct(shape, jnp.float32) for shape in ((steps,), (steps,), (steps, WIDTH))]
        total = jax.jit(jax.grad(lambda action: MEMORIES[name].run(action).sum()))
        return total.lower(Action(*shapes)).compile().memory_analysis().temp_size_in_bytes

    assert space(8192) < 2.2 * space(4096)
