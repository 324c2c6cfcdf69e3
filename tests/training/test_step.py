"""Steps of training: how far they go, when they are not taken, and what they add up."""

from dataclasses import dataclass, replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neuralstack import Elman, NeuralStack, Reversal, Supervised, complete
from neuralstack.tasks import Example
from neuralstack.training import (
    HEALTHY,
    NOT_FINITE,
    VANISHED,
    AbstractObjective,
    Batch,
    BatchResult,
    step_spec,
    train_step,
    train_until,
)
from small import SMALL, all_finite, assert_same_leaves, drawn_machine

pytest_plugins = ("small_runs",)

PROGRAM = step_spec(complete(SMALL))
RIGHT_IN_A_ROW = 5  # batches after which an attempt is settled


def test_training_to_a_step_in_parts_is_training_to_it_at_once(new_state):
    state = new_state
    for until in (1, 5, 5, 8):
        state = train_until(state, PROGRAM, np.int32(until))
        assert state.step == until
        assert state.num_accumulated == until
    assert_same_leaves(state, train_until(new_state, PROGRAM, np.int32(8)))
    assert (np.asarray(state.model.embedding) != new_state.model.embedding).any()


def test_a_state_past_the_wanted_step_is_left_alone(new_state):
    later = replace(new_state, step=jnp.asarray(9, jnp.int32))
    assert_same_leaves(train_until(later, PROGRAM, np.int32(4)), later)


def with_leaf(state, where, change):
    return eqx.tree_at(lambda state: where(state.model), state, replace_fn=change)


ILL = {
    "one weight that is no number": (lambda m: m.embedding, lambda w: w.at[:, 0].set(jnp.nan)),
    "weights too large to compute with": (lambda m: m.output_weights, lambda w: w * 1e38),
}


@pytest.mark.parametrize(("where", "change"), ILL.values(), ids=ILL)
def test_a_loss_that_is_not_finite_stops_training_before_it_changes_anything(new_state, where, change):
    healthy = train_until(new_state, PROGRAM, np.int32(3))
    ill = with_leaf(healthy, where, change)
    after = train_until(ill, PROGRAM, np.int32(10))
    assert after.failure == NOT_FINITE
    assert after.step == healthy.step
    assert_same_leaves((after.model, after.optimizer), (ill.model, ill.optimizer))


@dataclass(frozen=True, kw_only=True)
class Given(AbstractObjective):
    """An objective whose gradient, loss and accuracy are its state."""

    def loss(self, model, heads, state, batch, key):
        gradient, loss, right = state
        return gradient * leaves_sum(model), BatchResult(loss, right, None, state)


@pytest.fixture(scope="module")
def take_step():
    """Take steps with an objective whose gradient, loss and accuracy are given."""
    compute = jax.jit(train_step, static_argnames="spec")

    def step(state, gradient=0.1, loss=1.0, right=0.5, spec=PROGRAM):
        given = tuple(map(jnp.float32, (gradient, loss, right)))
        return compute(replace(state, objective_state=given), spec._replace(objective=Given()))

    return step


STEPS = {
    "a good step": ({}, HEALTHY),
    "a loss that is no number": ({"loss": np.nan}, NOT_FINITE),
    "a loss without end": ({"loss": np.inf}, NOT_FINITE),
    "a gradient that is no number": ({"gradient": np.nan}, NOT_FINITE),
    "a gradient without end": ({"gradient": np.inf}, NOT_FINITE),
    "a gradient of nothing": ({"gradient": 0.0}, VANISHED),
    "a gradient of nothing where all is right": ({"gradient": 0.0, "right": 1.0}, HEALTHY),
}


@pytest.mark.parametrize(("given", "failure"), STEPS.values(), ids=STEPS)
def test_a_step_that_went_wrong_says_why_and_leaves_the_weights(new_state, take_step, given, failure):
    after = take_step(new_state, **given)
    assert after.failure == failure
    assert after.step == (failure == HEALTHY)
    assert all_finite((after.model, after.optimizer))
    if failure != HEALTHY:
        assert_same_leaves((after.model, after.optimizer), (new_state.model, new_state.optimizer))
    elif given.get("gradient"):
        assert (np.asarray(after.model.embedding) != new_state.model.embedding).any()


def test_an_attempt_is_settled_by_enough_right_batches_in_a_row_and_stays_so(new_state, take_step):
    state = new_state
    for right in [1.0] * (RIGHT_IN_A_ROW - 1) + [0.98] + [1.0] * (RIGHT_IN_A_ROW - 1):
        state = take_step(state, right=right)
        assert not state.curriculum.warmed_up
    state = take_step(state, right=1.0)
    assert state.curriculum.warmed_up
    state = take_step(state, right=0.0)
    assert state.curriculum.warmed_up
    assert state.curriculum.perfect_batches == 0


def test_loss_and_accuracy_are_summed_since_the_last_evaluation(new_state, take_step):
    state = take_step(take_step(new_state, loss=2.0, right=0.25), loss=3.0, right=0.5)
    assert (state.num_accumulated, state.loss, state.accuracy) == (2, 5.0, 0.75)


def leaves_sum(tree):
    return sum(leaf.sum() for leaf in jax.tree.leaves(tree))


take_real_step = jax.jit(train_step, static_argnames="spec")


@pytest.mark.parametrize(("part", "weight"), [("binarization", 5.0), ("input_noise", 1.0)])
@pytest.mark.slow
def test_the_binarization_and_the_noise_begin_after_as_many_batches_as_asked(new_state, part, weight):
    with_it, without = (
        PROGRAM._replace(objective=replace(PROGRAM.objective, **{part: amount})) for amount in (weight, 0.0)
    )
    later = with_it._replace(objective=replace(with_it.objective, **{f"{part}_start": 10}))

    def after(program, step):
        return jax.tree.leaves(take_real_step(replace(new_state, step=jnp.asarray(step)), program).model)

    for step, same in ((9, without), (10, with_it)):
        for one, other in zip(after(later, step), after(same, step), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-6)
    assert any(np.abs(a - b).max() > 1e-3 for a, b in zip(after(later, 9), after(with_it, 9), strict=True))


@pytest.mark.slow
def test_the_noise_of_every_step_and_sequence_is_its_own():
    task = Reversal(2, alphabet="ab")
    machine = drawn_machine(Elman, NeuralStack(3), task.vocab_size, hidden=6, embedding=3)
    # Without memory of its own, a layer shows the noise on its input.
    machine = eqx.tree_at(lambda m: m.controller.layers[0].recurrent_weights, machine, replace_fn=jnp.zeros_like)
    given = jnp.zeros((task.steps, 3), jnp.int32)
    example = Example(given, given, given == 0)
    batch = Batch(task, example, jnp.full(3, 2), jnp.asarray(task.steps), jnp.asarray(0))
    run = jax.jit(lambda weight, key: Supervised(input_noise=weight).run(machine, batch, key), static_argnums=0)
    silent, one, other = (
        np.arctanh(run(weight, jax.random.key(seed)).hidden) for weight, seed in ((0.0, 0), (1.0, 0), (1.0, 1))
    )
    assert len(np.unique(one - silent)) == one.size == task.steps * 3 * machine.controller.projected_size
    assert (one != other).all()
    assert np.std(one - silent) == pytest.approx(1, abs=0.1)
    np.testing.assert_allclose(silent, np.arctanh(machine.batch(given).hidden), atol=1e-5)
