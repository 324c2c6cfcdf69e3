from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import MEMORIES_UNDER_TEST, quick
from neuralstack import Action, DequeAction, read_weights, run

WIDTH = 3
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


@pytest.mark.parametrize("name", quick(NAN_SHOWS, "queue in pure JAX"))
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


@pytest.mark.slow
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


@pytest.mark.parametrize("name", quick(["superposition", "pointer", "tape"], "tape"))
def test_a_value_that_is_not_finite_is_read_from_its_step_on_by_a_mixture(name):
    memory = MEMORIES_UNDER_TEST[name](WIDTH)
    action = memory.decode(jax.random.normal(jax.random.key(0), (5, memory.action_size)))
    reads = jax.jit(lambda action: run(memory, action))(action._replace(value=action.value.at[3].set(jnp.nan)))
    assert np.isfinite(reads[:3]).all()
    assert np.isnan(reads[3:]).all()
