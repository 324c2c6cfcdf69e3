"""The total strength of a memory after each step: equal to the sum of its elements' strengths, with sound gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import MEMORIES_UNDER_TEST, quick
from neuralstack import Action, CompositeMemory, NeuralStack, Quantized, Tape

STEPS, WIDTH = 12, 2
DISCRETE = {
    "hardened superposition of two": lambda width: MEMORIES_UNDER_TEST["superposition of two, three cells read"](
        width
    ).discretized(),
    "quantized deque": lambda width: Quantized(MEMORIES_UNDER_TEST["deque"](width)),
}
COLUMNS = {
    "nondeterministic": 0, "none": 0, "tape": 0,
    "stack and queue": 2, "superposition of two, three cells read": 2, "hardened superposition of two": 2,
}  # fmt: skip
FAMILY = MEMORIES_UNDER_TEST | DISCRETE
WITH_A_TOTAL = [name for name in FAMILY if COLUMNS.get(name, 1)]
# A step of the hard stack moves an integer, so that no gradient passes through its height.
SMOOTH = [name for name in WITH_A_TOTAL if name not in ("hard", *DISCRETE)]


def drawn(name):
    """Raw actions whose strengths are in between, near one half, near 0 and 1, or 0 and 1; and weights of the steps."""
    rng, size = np.random.default_rng(1), FAMILY[name](WIDTH).action_size
    raw = np.array([1.0, 0.1, 3.0, 100.0])[:, None, None] * rng.normal(size=(4, STEPS, size))
    return raw.astype(np.float32), rng.normal(size=(4, STEPS)).astype(np.float32)


def by_totals(memory, raw):
    return memory.total_strengths(jax.vmap(memory.decode)(raw)).sum(-1)


def by_steps(memory, raw):
    """Return the sum of the strengths after each step."""

    def step(state, action):
        state = memory.step(state, action)[0]
        return state, memory.strengths(state).sum()

    return jax.lax.scan(step, memory.init(STEPS), jax.vmap(memory.decode)(raw))[1]


def gradients_of(form, name):
    """Return the gradients of a weighted mean of the totals that a form returns."""
    memory = FAMILY[name](WIDTH)
    return jax.jit(jax.vmap(jax.grad(lambda raw, weights: form(memory, raw) @ weights)))(*drawn(name))


@pytest.mark.parametrize("name", FAMILY)
def test_there_is_one_total_for_each_stack_or_queue_and_none_for_other_memories(name):
    memory = FAMILY[name](WIDTH)
    action = jax.vmap(memory.decode)(jnp.zeros((STEPS, memory.action_size)))
    assert jax.eval_shape(memory.total_strengths, action).shape == (STEPS, COLUMNS.get(name, 1))


@pytest.mark.parametrize("name", WITH_A_TOTAL)
def test_the_total_is_the_sum_of_the_strengths_after_each_step(name):
    memory, (raw, _) = FAMILY[name](WIDTH), drawn(name)
    totals, sums = jax.jit(jax.vmap(lambda raw: (by_totals(memory, raw), by_steps(memory, raw))))(raw)
    assert sums.max() > 1.5
    np.testing.assert_allclose(totals, sums, atol=1e-5)


@pytest.mark.parametrize("name", WITH_A_TOTAL)
def test_its_gradient_is_finite(name):
    assert np.isfinite(gradients_of(by_totals, name)).all()


@pytest.mark.parametrize("name", quick(SMOOTH, "stack"))
def test_its_gradient_is_that_of_the_strengths_after_each_step(name):
    one, other = (gradients_of(form, name) for form in (by_totals, by_steps))
    assert np.abs(other).max() > 0.1
    np.testing.assert_allclose(one, other, atol=1e-4)


def test_after_a_pop_of_just_what_is_there_nothing_depends_on_what_was_pushed_before():
    """As everywhere, the gradient at a tie is the one towards a larger pop."""

    def last(push, pop):
        return NeuralStack(width=1).total_strengths(Action(push, pop, jnp.zeros((3, 1))))[-1, 0]

    gradients = jax.grad(last, argnums=(0, 1))(jnp.array([1.0, 0.0, 0.5]), jnp.array([0.0, 1.0, 0.0]))
    np.testing.assert_array_equal(gradients, [[0, 0, 1], [0, 0, 0]])


def test_a_memory_without_a_total_adds_none_to_those_beside_it():
    both = CompositeMemory(Tape(WIDTH), NeuralStack(WIDTH))
    action = jax.vmap(both.decode)(jax.random.normal(jax.random.key(0), (STEPS, both.action_size)))
    np.testing.assert_array_equal(both.total_strengths(action), NeuralStack(WIDTH).total_strengths(action[1]))


def test_actions_are_checked_as_those_of_a_run_are():
    with pytest.raises(ValueError, match=r"NeuralStack takes push \[steps\], .* got push \[\]"):
        NeuralStack(width=1).total_strengths(Action(1.0, 0.0, [1.0]))
