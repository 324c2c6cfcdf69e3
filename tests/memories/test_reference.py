from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, strategies as st

from cases import quick
from neuralstack import Action, NeuralStack, kernels, run
from neuralstack.reference import stack_backward, stack_forward

WIDTH = 3
STACKS = {"pure": NeuralStack(WIDTH, kernel=False)}
if kernels.are_available():
    STACKS["kernels"] = NeuralStack(WIDTH, kernel=True)
LENGTHS = (1, 2, 31, 32, 33, 100)  # around one block of the pure whole-sequence form, and several


def literal(push, pop, values):
    """The paper's equations 1 to 3, with each element compared to all elements above it."""
    steps = len(push)
    above = jnp.triu(jnp.ones((steps, steps)), 1)

    def step(strengths, now):
        time, push, pop = now
        strengths = jnp.maximum(0, strengths - jnp.maximum(0, pop - above @ strengths))
        strengths = strengths.at[time].set(push)
        return strengths, jnp.minimum(strengths, jnp.maximum(0, 1 - above @ strengths)) @ values

    return jax.lax.scan(step, jnp.zeros(steps), (jnp.arange(steps), push, pop))[1]


def by_run(stack, push, pop, values):
    return run(stack, Action(push, pop, values))


def by_steps(push, pop, values):
    stack = STACKS["pure"]
    return jax.lax.scan(stack.step, stack.init(len(push)), Action(push, pop, values))[1]


def pulled_back(form, push, pop, values, cotangent):
    reads, pull = jax.vjp(form, push, pop, values)
    return reads, pull(cotangent)


def as_unrolled(stack, push, pop, values, cotangent):
    """The forward and the backward steps that the unroll uses."""
    action, times = Action(push, pop, values), jnp.arange(len(push))
    vjp = stack.sequence_vjp()
    empty, full = vjp.start_forward(len(push), values.dtype), vjp.start_backward(action, len(push))
    _, reads = jax.lax.scan(lambda carry, now: vjp.step_forward(carry, *now), empty, (times, action))
    _, gradient = jax.lax.scan(
        lambda carry, now: vjp.step_backward(carry, *now), full, (times, cotangent), reverse=True
    )
    return reads, tuple(gradient)


RUNS = {f"run, {name}": partial(pulled_back, partial(by_run, stack)) for name, stack in STACKS.items()}
UNROLLED = {f"unrolled, {name}": partial(as_unrolled, stack) for name, stack in STACKS.items()}
OURS = {"steps": partial(pulled_back, by_steps), **RUNS, **UNROLLED}
FORMS = {"literal": partial(pulled_back, literal)} | OURS
of_many = {name: jax.jit(jax.vmap(form)) for name, form in FORMS.items()}


def by_reference(push, pop, values, cotangent):
    return stack_forward(push, pop, values)[2], stack_backward(push, pop, values, cotangent)


def assert_same(got, wanted, message):
    for one, other in zip(jax.tree.leaves(got), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12, err_msg=message)


# Push and pop strengths, so that stacks are tall, low, or emptied again and again.
GENERIC = {
    "uniform": lambda rng, steps: rng.random((2, steps)),
    "near 0": lambda rng, steps: 0.02 * rng.random((2, steps)),
    "near 1": lambda rng, steps: 1 - 0.02 * rng.random((2, steps)),
    "rising": lambda rng, steps: np.stack([1 - 0.1 * rng.random(steps), 0.1 * rng.random(steps)]),
    "emptied": lambda rng, steps: np.stack([0.3 * rng.random(steps), rng.random(steps)]),
    "mixed": lambda rng, steps: np.abs(rng.integers(0, 2, (2, steps)) - rng.random((2, steps)) ** 6),
}
WITH_TIES = {
    "all 0": lambda rng, steps: np.zeros((2, steps)),
    "all 1": lambda rng, steps: np.ones((2, steps)),
    "0 or 1": lambda rng, steps: rng.integers(0, 2, (2, steps)).astype(float),
    "halves": lambda rng, steps: rng.integers(0, 3, (2, steps)) / 2,
    "eighths": lambda rng, steps: rng.integers(0, 9, (2, steps)) / 8,
    "0 or 1, mostly pushed": lambda rng, steps: (rng.random((2, steps)) < [[0.9], [0.2]]).astype(float),
}


def draw(kinds, steps):
    """One sequence of each kind, with values and cotangents of the reads."""
    rng = np.random.default_rng(steps)
    push, pop = np.stack([kind(rng, steps) for kind in kinds.values()], axis=1)
    return push, pop, *rng.normal(size=(2, len(kinds), steps, WIDTH))


@cache
def drawn_and_answered(steps):
    """Sequences of every kind, with ties and without, and the results of the reference."""
    given = draw(GENERIC | WITH_TIES, steps)
    rows = [by_reference(*row) for row in zip(*given, strict=True)]
    return given, jax.tree.map(lambda *leaves: np.stack(leaves), *rows)


@pytest.mark.parametrize("steps", quick(LENGTHS, 33))
@pytest.mark.parametrize("form", RUNS)
def test_a_whole_run_has_the_reads_and_the_gradients_of_the_reference(form, steps, float64):
    given, wanted = drawn_and_answered(steps)
    assert_same(of_many[form](*given), wanted, "at some strengths")


@pytest.mark.parametrize("form", ["steps", *UNROLLED])
def test_single_steps_have_the_reads_and_the_gradients_of_the_reference(form, float64):
    given, wanted = drawn_and_answered(33)
    assert_same(of_many[form](*given), wanted, "at some strengths")


def test_away_from_ties_they_are_those_of_the_equations_by_automatic_differentiation(float64):
    given, wanted = jax.tree.map(lambda rows: rows[: len(GENERIC)], drawn_and_answered(33))
    assert_same(of_many["literal"](*given), wanted, "at some strengths")


def test_at_ties_a_gradient_is_the_one_towards_larger_pops_from_inside_the_unit_interval(float64):
    (push, pop, *others), (_, got) = jax.tree.map(lambda rows: rows[len(GENERIC) :], drawn_and_answered(33))
    rng = np.random.default_rng(0)
    near_push = push + 1e-9 * rng.uniform(1, 2, push.shape) * np.where(push == 1, -1, 1)
    near_pop = pop + 1e-6 * rng.uniform(1, 2, pop.shape)
    _, wanted = of_many["literal"](near_push, near_pop, *others)
    assert_same(got[:2], wanted[:2], "of pushes or pops")  # piecewise constant in the strengths
    np.testing.assert_allclose(got[2], wanted[2], atol=1e-3)  # the weights themselves, which moved


@pytest.mark.parametrize("kind", GENERIC)
def test_the_reference_gradients_are_finite_differences(kind):
    push, pop, values, cotangent = (part[0] for part in draw({kind: GENERIC[kind]}, 12))
    inputs, gradients = (push, pop, values), stack_backward(push, pop, values, cotangent)

    def loss(change):
        return np.vdot(cotangent, stack_forward(*(x + dx for x, dx in zip(inputs, change, strict=True)))[2])

    for place, gradient in enumerate(gradients):
        differences = np.zeros_like(gradient)
        for index in np.ndindex(gradient.shape):
            change = [np.zeros_like(x) for x in inputs]
            change[place][index] = 1e-7
            differences[index] = (loss(change) - loss([-x for x in change])) / 2e-7
        np.testing.assert_allclose(gradient, differences, atol=1e-6)


@pytest.mark.parametrize("kind", WITH_TIES)
def test_the_gradient_of_a_pop_at_a_tie_is_its_difference_to_a_larger_pop(kind):
    push, pop, values, cotangent = (part[0] for part in draw({kind: WITH_TIES[kind]}, 16))
    small = 2.0**-20  # exact beside eighths
    start = np.vdot(cotangent, stack_forward(push, pop, values)[2])
    differences = [
        (np.vdot(cotangent, stack_forward(push, pop + small * one, values)[2]) - start) / small for one in np.eye(16)
    ]
    np.testing.assert_allclose(stack_backward(push, pop, values, cotangent)[1], differences, atol=1e-8)


STEPS = 9
VALUES, COTANGENT = np.random.default_rng(3).normal(size=(2, STEPS, WIDTH))
reads_of_one = jax.jit(lambda *given: {name: form(*given)[0] for name, form in OURS.items()})
gradients_of_one = jax.jit(lambda *given: {name: form(*given)[1] for name, form in OURS.items()})


def strengths_from(one):
    return st.lists(one, min_size=STEPS, max_size=STEPS).map(np.array)


@pytest.mark.slow
@given(push=strengths_from(st.floats(0, 1)), pop=strengths_from(st.floats(0, 1)))
def test_no_strengths_are_found_for_which_the_reads_differ(push, pop):
    wanted = stack_forward(push, pop, VALUES)[2]
    with jax.enable_x64(True):
        for name, reads in reads_of_one(push, pop, VALUES, COTANGENT).items():
            assert_same(reads, wanted, name)


# Sixteenths add up without rounding, so that ties are the same in every form.
SIXTEENTHS = strengths_from(st.integers(0, 16).map(lambda count: count / 16))


@pytest.mark.slow
@given(push=SIXTEENTHS, pop=SIXTEENTHS)
def test_no_ties_are_found_for_which_the_gradients_differ(push, pop):
    wanted = stack_backward(push, pop, VALUES, COTANGENT)
    with jax.enable_x64(True):
        for name, gradients in gradients_of_one(push, pop, VALUES, COTANGENT).items():
            assert_same(gradients, wanted, name)
