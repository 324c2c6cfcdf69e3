import re
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, strategies as st

from cases import quick
from neuralstack import Action, NeuralStack, read_weights

WIDTH, STEPS, BATCH = 3, 20, 64


def stack_by_steps(push, pop, values):
    stack = NeuralStack(WIDTH, kernel=False)
    return jax.lax.scan(stack.step, stack.init(len(push)), Action(push, pop, values))[1]


def queue_by_steps(push, pop, values):
    """A front and a back that move, and the elements between them, one step at a time."""
    steps = jnp.arange(len(push))

    def step(line, now):
        bottoms, tops, front, back = line
        time, push, pop = now
        front = jnp.where(back - front > pop, front + pop, back)
        bottoms, tops = bottoms.at[time].set(back), tops.at[time].set(back + push)
        alive = ((steps < time) & (tops > front)) | (steps == time)  # the newest cannot have been passed
        low, high = jnp.where(bottoms > front, bottoms, front), jnp.where(tops > front + 1, front + 1, tops)
        read = jnp.where(alive & (bottoms <= front + 1), high - low, 0.0) @ values
        return (bottoms, tops, front, back + push), read

    edges, end = jnp.zeros(len(push)), jnp.zeros(())
    return jax.lax.scan(step, (edges, edges, end, end), (steps, push, pop))[1]


def queue_literal(push, pop, values):
    """The paper's sums over all elements that were pushed before each element."""
    steps = len(push)
    ahead = jnp.tril(jnp.ones((steps, steps)), -1)

    def step(strengths, now):
        time, push, pop = now
        strengths = jnp.maximum(0, strengths - jnp.maximum(0, pop - ahead @ strengths))
        strengths = strengths.at[time].set(push)
        return strengths, jnp.minimum(strengths, jnp.maximum(0, 1 - ahead @ strengths)) @ values

    return jax.lax.scan(step, jnp.zeros(steps), (jnp.arange(steps), push, pop))[1]


def closed(push, pop, values, *, queue):
    return read_weights(push, pop, queue=queue) @ values


def with_gradients(form, push, pop, values, cotangent):
    reads, pull = jax.vjp(form, push, pop, values)
    return reads, *pull(cotangent)


CLOSED = {"stack": partial(closed, queue=False), "queue": partial(closed, queue=True)}
BY_STEPS = {"stack": stack_by_steps, "queue": queue_by_steps}
of_many = {form: jax.jit(jax.vmap(partial(with_gradients, form))) for form in [*BY_STEPS.values(), queue_literal]}
of_many |= {name: jax.jit(jax.vmap(partial(with_gradients, form))) for name, form in CLOSED.items()}


def assert_same(got, wanted, atol=1e-11):
    for one, other in zip(jax.tree.leaves(got), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=atol)


def some_of(uniform, chosen, rng):
    return np.where(rng.random(uniform.shape) < 0.4, chosen, uniform)


KINDS = {
    "uniform": lambda rng, uniform: uniform,
    "near 0": lambda rng, uniform: 0.02 * uniform,
    "near 1": lambda rng, uniform: 1 - 0.02 * uniform,
    "emptied": lambda rng, uniform: uniform * [[[0.3]], [[1.0]]],
    "exactly 0 or any": lambda rng, uniform: some_of(uniform, 0.0, rng),
    "all 0": lambda rng, uniform: 0 * uniform,
    "all 1": lambda rng, uniform: 1 + 0 * uniform,
    "0 or 1": lambda rng, uniform: uniform.round(),
    "0 or 1, mostly pushed": lambda rng, uniform: (uniform < [[[0.9]], [[0.2]]]).astype(float),
    "halves": lambda rng, uniform: (2 * uniform).round() / 2,
    "eighths": lambda rng, uniform: (8 * uniform).round() / 8,
}


def draw(kind, steps=STEPS, seed=0):
    """A batch of pushes and pops of a kind, values, and cotangents of the reads."""
    rng = np.random.default_rng(seed)
    push, pop = KINDS[kind](rng, rng.random((2, BATCH, steps)))
    return push, pop, *rng.normal(size=(2, BATCH, steps, WIDTH))


@pytest.mark.parametrize("kind", quick(KINDS, "uniform", "exactly 0 or any"))
@pytest.mark.parametrize("memory", quick(CLOSED, "queue"))
def test_the_reads_and_the_gradients_are_those_of_single_steps_also_at_ties(memory, kind, float64):
    given = draw(kind)
    assert_same(of_many[memory](*given), of_many[BY_STEPS[memory]](*given))


@pytest.mark.slow
@pytest.mark.parametrize("steps", quick([1, 2, 33], 33))
@pytest.mark.parametrize("memory", quick(CLOSED, "stack"))
def test_sequences_of_any_length_work(memory, steps, float64):
    given = [part[0] for part in draw("halves", steps)]
    got, wanted = jax.jit(lambda *given: [with_gradients(forms[memory], *given) for forms in (CLOSED, BY_STEPS)])(
        *given
    )
    assert got[0].shape == (steps, WIDTH)
    assert_same(got, wanted)


@pytest.mark.parametrize("memory", quick(CLOSED, "queue"))
def test_a_sequence_of_no_steps_has_no_weights(memory):
    given = [part[0] for part in draw("halves", 0)]
    assert [part.shape for part in with_gradients(CLOSED[memory], *given)] == [(0, WIDTH), (0,), (0,), (0, WIDTH)]


@pytest.mark.parametrize("kind", ["uniform", "near 0", "near 1", "emptied"])
def test_away_from_ties_the_queue_is_that_of_the_equations_by_automatic_differentiation(kind, float64):
    given = draw(kind)
    assert_same(of_many["queue"](*given), of_many[queue_literal](*given))


@partial(jax.jit, static_argnums=0)
def gradient_and_losses(memory, push, pops, values, cotangent):
    """The gradient of a weighted sum of the reads with respect to the first of some pops, and the sum for each."""

    def loss(pop):
        return jnp.vdot(cotangent, CLOSED[memory](push, pop, values))

    return jax.grad(loss)(pops[0]), jax.lax.map(loss, pops)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["all 0", "all 1", "0 or 1", "halves", "eighths"])
@pytest.mark.parametrize("memory", quick(CLOSED, "stack"))
def test_the_gradient_of_a_pop_at_a_tie_is_its_difference_to_a_larger_pop(memory, kind, float64):
    push, pop, values, cotangent = (part[0] for part in draw(kind))
    small = 2.0**-20  # exact beside eighths
    pops = np.concatenate([pop[None], np.where(pop < 1, pop + small * np.eye(STEPS), pop)])  # 1 is the largest
    got, (loss, *moved) = jax.device_get(gradient_and_losses(memory, push, pops, values, cotangent))
    np.testing.assert_allclose(got[pop < 1], ((np.array(moved) - loss) / small)[pop < 1], atol=1e-8)


def strengths_from(one, steps=9):
    return st.lists(one, min_size=steps, max_size=steps).map(np.array)


# Sixteenths add up without rounding, so that ties are the same in every form.
SIXTEENTHS = strengths_from(st.integers(0, 16).map(lambda count: count / 16))
VALUES, COTANGENT = np.random.default_rng(3).normal(size=(2, 9, WIDTH))
of_one = jax.jit(
    lambda *given: [[with_gradients(forms[name], *given) for name in CLOSED] for forms in (CLOSED, BY_STEPS)]
)


@pytest.mark.slow
@given(push=SIXTEENTHS, pop=SIXTEENTHS)
def test_no_ties_are_found_for_which_the_gradients_differ(push, pop):
    with jax.enable_x64(True):
        assert_same(*of_one(push, pop, VALUES, COTANGENT))


@pytest.mark.slow
@given(push=strengths_from(st.floats(0, 1)), pop=strengths_from(st.floats(0, 1)))
def test_no_strengths_are_found_for_which_the_reads_differ(push, pop):
    with jax.enable_x64(True):
        got, wanted = of_one(push, pop, VALUES, COTANGENT)
        assert_same([reads for reads, *_ in got], [reads for reads, *_ in wanted])


@pytest.mark.parametrize(("queue", "reads"), [(False, [0.8, 1.5, 2.8]), (True, [0.8, 1.3, 2.7])])
def test_the_worked_examples_of_the_paper(queue, reads):
    weights = read_weights([0.8, 0.5, 0.9], [0.0, 0.1, 0.9], queue=queue)
    np.testing.assert_allclose(weights @ np.array([1.0, 2.0, 3.0]), reads, rtol=1e-6)


@pytest.mark.parametrize("queue", quick([False, True], True))
def test_every_row_weighs_one_unit_of_what_was_pushed_by_then_at_most(queue, float64):
    push, pop, *_ = draw("uniform")
    weights = np.array(jax.jit(jax.vmap(partial(read_weights, queue=queue)))(push, pop))
    assert weights.min() >= 0
    assert weights.sum(-1).max() <= 1 + 1e-12
    assert not np.triu(weights, 1).any()
    assert (weights <= push[:, None] + 1e-12).all()


@pytest.mark.slow
@pytest.mark.parametrize("queue", [False, True])
def test_with_jit_and_vmap_it_gives_what_it_gives_without(queue):
    push, pop, *_ = draw("uniform")
    weights = partial(read_weights, queue=queue)
    np.testing.assert_allclose(jax.jit(jax.vmap(weights))(push, pop)[1], weights(push[1], pop[1]), atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("queue", [False, True])
def test_in_forward_mode_its_derivative_is_the_same(queue, float64):
    push, pop, *_ = (part[0] for part in draw("halves", 6))
    weights = partial(read_weights, queue=queue)
    assert_same(
        *jax.jit(lambda *given: [mode(weights, (0, 1))(*given) for mode in (jax.jacfwd, jax.jacrev)])(push, pop)
    )


@pytest.mark.parametrize("queue", quick([False, True], True))
def test_it_has_no_loop_over_time(queue):
    program = jax.make_jaxpr(jax.grad(lambda push, pop: read_weights(push, pop, queue=queue).sum()))
    text = str(program(jnp.ones(100), jnp.ones(100)))
    assert not re.search(r"\b(scan|while)\[", text)


@pytest.mark.parametrize(
    ("given", "dtype"),
    [(jnp.bfloat16, "float32"), (jnp.float32, "float32"), (np.int32, "float32"), (bool, "float32")],
)
def test_the_weights_are_at_least_float32(given, dtype):
    assert read_weights(np.ones(2, given), np.zeros(2, given)).dtype == dtype


@pytest.mark.parametrize(
    ("push", "pop", "shapes"),
    [([1.0, 1.0], [0.0], "(2,) and (1,)"), (1.0, 0.0, "() and ()"), ([[1.0]], [[0.0]], "(1, 1) and (1, 1)")],
)
def test_anything_but_two_vectors_of_one_length_is_refused(push, pop, shapes):
    message = f"push and pop must be vectors of one length, got shapes {shapes}; for a batch use jax.vmap."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        read_weights(push, pop)


@pytest.mark.parametrize(
    ("push", "pop", "message"),
    [([0.5, 1.5], [0.0, 0.0], "push must lie in [0, 1], got 1.5 at [1]"), ([0.5], [-1.0], "pop must lie in [0, 1]")],
)
def test_strengths_outside_of_the_unit_interval_are_refused(push, pop, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        read_weights(push, pop)
