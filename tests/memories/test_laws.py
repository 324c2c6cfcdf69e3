from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import MEMORIES_UNDER_TEST, quick
from neuralstack import Action, run

STEPS, BATCH = 40, 16
WITH_STRENGTHS = ["queue", "stack", "stack in pure JAX"]
ENDS = {"queue": 0, "stack": -1}  # the end at which a list is popped and read to be the memory's discrete twin


@cache
def observer(name):
    """Compile a function from a batch of strengths to the reads of a run, those of single steps, and what each left.

    The values are one-hot, so that the reads are the weights.
    """
    memory = MEMORIES_UNDER_TEST[name](STEPS)

    def step(state, now):
        state, read = memory.step(state, now)
        return state, (read, memory.strengths(state))

    def observe(push, pop):
        action = Action(push, pop, jnp.eye(STEPS))
        return run(memory, action), *jax.lax.scan(step, memory.init(STEPS), action)[1]

    return jax.jit(jax.vmap(observe))


def soft_strengths(rng):
    """Strengths of which half are anywhere in the unit interval, and half mostly at its ends."""
    half = 2, BATCH // 2, STEPS
    return np.concatenate([rng.random(half), np.clip(rng.normal(0.5, 1, half), 0, 1)], axis=1).astype(np.float32)


@pytest.mark.parametrize("name", ENDS)
def test_with_strengths_of_0_and_1_it_is_a_list_popped_at_one_end(name):
    rng = np.random.default_rng(0)
    push, pop = (rng.random((2, BATCH, STEPS)) < [[[0.6]], [[0.4]]]).astype(np.float32)
    reads, step_reads, strengths = observer(name)(push, pop)
    end = ENDS[name]
    for row in range(BATCH):
        items = []
        for time in range(STEPS):
            if pop[row, time] and items:
                items.pop(end)
            if push[row, time]:
                items.append(time)
            wanted = np.eye(STEPS)[items[end]] if items else np.zeros(STEPS)
            np.testing.assert_array_equal(reads[row, time], wanted)
            np.testing.assert_array_equal(step_reads[row, time], wanted)
            np.testing.assert_array_equal(np.flatnonzero(strengths[row, time]), items)


@pytest.mark.parametrize("name", WITH_STRENGTHS)
def test_what_is_left_is_never_negative_nor_more_than_was_pushed(name):
    push, pop = soft_strengths(np.random.default_rng(1))
    left = observer(name)(push, pop)[-1]
    assert left.min() >= 0
    assert (left <= push[:, None] + 1e-5).all()
    assert (left.sum(-1) <= push.cumsum(-1) + 1e-4).all()
    assert (left.sum(-1) < push.cumsum(-1) - 1).any()  # something was popped


@pytest.mark.parametrize("name", WITH_STRENGTHS)
def test_a_read_weighs_one_unit_of_strength_or_all_that_there_is(name):
    reads, step_reads, strengths = observer(name)(*soft_strengths(np.random.default_rng(2)))
    for weights in (reads, step_reads):
        assert weights.min() >= 0
        assert weights.max() <= 1 + 1e-5
        np.testing.assert_allclose(weights.sum(-1), np.minimum(1, strengths.sum(-1)), atol=2e-5)


@pytest.mark.parametrize("name", WITH_STRENGTHS)
def test_a_pop_without_a_push_takes_off_its_strength(name):
    push, pop = np.zeros((2, BATCH, STEPS), np.float32)
    push[:, :20], pop[:, 20:] = 0.5, 0.25
    left = observer(name)(push, pop)[-1].sum(-1)
    np.testing.assert_allclose(left[:, 20:], 10 - 0.25 * np.arange(1, 21)[None].repeat(BATCH, 0), rtol=1e-6)


@pytest.mark.parametrize("name", quick(MEMORIES_UNDER_TEST, "queue"))
def test_a_run_to_some_steps_is_the_start_of_a_longer_one_and_its_gradient_too(name, float64):
    memory = MEMORIES_UNDER_TEST[name](3)
    raw = jax.random.normal(jax.random.key(0), (80, memory.action_size))
    cotangent = jax.random.normal(jax.random.key(1), (80, memory.read_size))

    @jax.jit
    def pulled_back(raw, cotangent, steps):
        reads, pull = jax.vjp(lambda raw: memory.run(memory.decode(raw), steps), raw)
        return reads, *pull(cotangent)

    for steps in (1, 31, 32, 33, 79):
        scored = jnp.where(jnp.arange(80)[:, None] < steps, cotangent, 0)
        reads, gradient = pulled_back(raw, scored, steps)
        longer_reads, longer_gradient = pulled_back(raw, scored, 80)
        np.testing.assert_array_equal(reads[:steps], longer_reads[:steps])
        np.testing.assert_allclose(gradient, longer_gradient, atol=1e-12)
        assert not np.any(gradient[steps:])
    assert pulled_back._cache_size() == 1
    shorter_reads, shorter_gradient = pulled_back(raw[:33], cotangent[:33], 33)
    np.testing.assert_allclose(longer_reads[:33], shorter_reads, atol=1e-12)
    np.testing.assert_allclose(
        pulled_back(raw, jnp.pad(cotangent[:33], ((0, 47), (0, 0))), 80)[1][:33], shorter_gradient, atol=1e-12
    )
    whole = jax.jit(lambda raw: run(memory, memory.decode(raw)))(raw)
    np.testing.assert_allclose(whole, longer_reads, atol=1e-12)
