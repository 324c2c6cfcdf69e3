from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import EVERY_MEMORY, MEMORIES_UNDER_TEST
from neuralstack import Action, run

STEPS, WIDTH = 1000, 2
WITH_STRENGTHS = ["queue", "stack", "stack in pure JAX"]
RNG = np.random.default_rng(0)
EVERY_THIRD = np.arange(STEPS) % 3 == 2
STRENGTHS = {
    "all zero": np.zeros((2, STEPS)),
    "pushes only": [np.ones(STEPS), np.zeros(STEPS)],
    "pops only": [np.zeros(STEPS), np.ones(STEPS)],
    "each push popped at once": np.ones((2, STEPS)),
    "0 or 1": RNG.integers(0, 2, (2, STEPS)),
    "halves": RNG.integers(0, 3, (2, STEPS)) / 2,
    "emptied by more than there is": [np.full(STEPS, 0.3), EVERY_THIRD],
    "emptied exactly": [np.where(EVERY_THIRD, 0, 0.5), EVERY_THIRD],
    "soft": RNG.random((2, STEPS)),
    "ever taller": [1 - 0.1 * RNG.random(STEPS), 0.1 * RNG.random(STEPS)],
}


def by_steps(memory, action):
    return jax.lax.scan(memory.step, memory.init(STEPS), action)[1]


@cache
def gradients(name):
    """The reads of every sequence, and the gradients of a weighted sum of them, from the run and from single steps."""
    memory = MEMORIES_UNDER_TEST[name](WIDTH)
    push, pop = np.array(list(STRENGTHS.values()), np.float32).swapaxes(0, 1)
    values, cotangent = RNG.normal(size=(2, len(STRENGTHS), STEPS, WIDTH)).astype(np.float32)

    def pulled_back(form, action, cotangent):
        reads, pull = jax.vjp(lambda action: form(memory, action), action)
        return reads, *pull(cotangent)

    def both(action, cotangent):
        return pulled_back(run, action, cotangent), pulled_back(by_steps, action, cotangent)

    return jax.device_get(jax.jit(jax.vmap(both))(Action(push, pop, values), cotangent))


@pytest.mark.parametrize("name", WITH_STRENGTHS)
@pytest.mark.slow
def test_a_thousand_steps_have_finite_gradients_whatever_the_strengths(name):
    for row, strengths in enumerate(STRENGTHS):
        for reads, gradient in gradients(name):
            for leaf in (reads, *gradient):
                assert np.isfinite(leaf[row]).all(), strengths


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name != "stack")) for name in WITH_STRENGTHS]
)
def test_a_thousand_steps_have_the_same_gradients_in_a_run_as_in_single_steps(name):
    exact = [row for row, strengths in enumerate(STRENGTHS) if strengths not in ("soft", "ever taller")]
    (reads, gradient), (step_reads, step_gradient) = gradients(name)
    np.testing.assert_allclose(reads, step_reads, atol=2e-3)  # heights of 1000 in float32: 6e-5 an edge
    for one, other in zip(gradient, step_gradient, strict=True):
        np.testing.assert_allclose(one[exact], other[exact], rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("name", WITH_STRENGTHS)
def test_a_push_onto_the_empty_memory_has_a_gradient_and_a_pop_of_it_has_none(name):
    memory = MEMORIES_UNDER_TEST[name](1)
    read_of = jax.jit(jax.grad(lambda action: memory.step(memory.init(1), action)[1].sum()))
    gradient = read_of(Action(0.0, 0.0, jnp.ones(1)))
    assert [float(part.sum()) for part in gradient] == [1.0, 0.0, 0.0]


@pytest.mark.parametrize("name", EVERY_MEMORY)
def test_gradients_are_finite_for_saturated_and_silent_controllers(name):
    memory = MEMORIES_UNDER_TEST[name](WIDTH)
    raw = jnp.array([0.0, 100.0, -100.0, 1e4, -1e4])[:, None, None] * jnp.ones((1, 20, memory.action_size))

    def total(raw):
        return run(memory, memory.decode(raw)).sum() + memory.gates(memory.decode(raw)).sum()

    assert np.isfinite(jax.jit(jax.vmap(jax.grad(total)))(raw)).all()
