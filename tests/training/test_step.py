from dataclasses import dataclass, replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from neuralstack import complete
from neuralstack.training import (
    HEALTHY,
    NOT_FINITE,
    VANISHED,
    AbstractObjective,
    BatchResult,
    begin,
    clipped_adam,
    draw_batch,
    gradient_variance,
    step_key,
    step_spec,
    train_step,
    train_until,
    with_options,
)
from neuralstack.training._curriculum import WARMED_UP_AFTER
from neuralstack.training.objectives._base import draw_noise
from small import SMALL, all_finite, assert_same_leaves

pytest_plugins = ("small_runs",)

CONFIG = complete(SMALL)
PROGRAM = step_spec(CONFIG)
LOW, HIGH = CONFIG.lengths


BATCHES, BATCH = 100, 5


@pytest.fixture(scope="module")
def draw_many(new_state):
    """Draw the batches of the first steps; small ones, so that they differ in their longest sequence."""
    program = PROGRAM._replace(batch_size=BATCH)

    def draw_one(state):
        return draw_batch(state, program, step_key(state))

    @jax.jit
    def draw(warmed_up, seed, attempt):
        curriculum = new_state.curriculum._replace(warmed_up=warmed_up)
        here = replace(new_state, curriculum=curriculum, key=jax.random.key(seed), attempt=attempt)
        return jax.lax.map(lambda step: draw_one(replace(here, step=step)), jnp.arange(BATCHES))

    return lambda warmed_up, seed=0, attempt=0: draw(*map(jnp.asarray, (warmed_up, seed, attempt)))


def lengths_of(batches):
    """The length of every source, a row for each batch: the answer and its END are scored."""
    return np.asarray(batches.example.mask.sum(1)) - 1


def test_before_an_attempt_is_settled_its_lengths_are_the_first_ones_equally_often(draw_many):
    lengths, counts = np.unique(lengths_of(draw_many(False)), return_counts=True)
    assert tuple(lengths) == CONFIG.curriculum.lengths
    assert counts.sum() == BATCHES * BATCH
    np.testing.assert_allclose(counts / counts.sum(), 1 / len(lengths), atol=4 * np.sqrt(0.25 / counts.sum()))


def test_once_an_attempt_is_settled_its_lengths_cover_the_whole_range(draw_many):
    lengths = lengths_of(draw_many(True))
    assert set(lengths.flat) == set(range(LOW, HIGH + 1))
    share = 1 / (HIGH - LOW + 1)
    for length in range(LOW, HIGH + 1):
        assert abs((lengths == length).mean() - share) < 4 * np.sqrt(share / lengths.size)


def test_without_first_lengths_an_attempt_is_settled_from_the_start():
    assert begin(complete(with_options(CONFIG, curriculum="uniform"))).curriculum.warmed_up
    assert not begin(CONFIG).curriculum.warmed_up


def test_a_batch_runs_as_many_steps_as_its_longest_sequence_takes(draw_many):
    batches = draw_many(True)
    longest = lengths_of(batches).max(axis=1)
    np.testing.assert_array_equal(batches.steps, 2 * longest + 2)
    assert len(set(longest)) > 1


def test_no_two_batches_of_a_run_are_the_same(draw_many):
    inputs = np.asarray(draw_many(True).example.inputs)
    assert len({batch.tobytes() for batch in inputs}) == len(inputs)
    assert len({column.tobytes() for column in inputs[0].T}) == BATCH


@pytest.mark.parametrize("other", [{"seed": 1}, {"attempt": 1}], ids=["seed", "attempt"])
def test_batches_depend_on_the_seed_and_the_attempt_only(draw_many, other):
    inputs = draw_many(True).example.inputs
    np.testing.assert_array_equal(inputs, draw_many(True).example.inputs)
    assert (inputs != draw_many(True, **other).example.inputs).any(axis=(1, 2)).all()


def weights_of(config, attempt=0):
    return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(begin(config, attempt).model)])


def test_first_weights_depend_on_the_seed_and_the_attempt_only():
    weights = weights_of(CONFIG)
    np.testing.assert_array_equal(weights, weights_of(with_options(CONFIG, max_steps=7, batch_size=3, restart_after=1)))
    others = [weights_of(with_options(CONFIG, seed=1)), weights_of(CONFIG, attempt=1)]
    assert all((weights != other).mean() > 0.5 for other in others)
    assert (others[0] != others[1]).mean() > 0.5


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
    for right in [1.0] * (WARMED_UP_AFTER - 1) + [0.98] + [1.0] * (WARMED_UP_AFTER - 1):
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


def test_a_large_gradient_moves_the_weights_no_further_than_a_clipped_one():
    weights = {"a": jnp.zeros(2)}

    def moved(scale):
        optimizer, here = clipped_adam(1.0, max_grad_norm=1.0), weights
        state = optimizer.init(weights)
        for gradient in ([0.6, 0.8], [scale * 0.8, scale * 0.6]):
            updates, state = optimizer.update({"a": jnp.array(gradient)}, state, here)
            here = optax.apply_updates(here, updates)
        return here["a"]

    np.testing.assert_allclose(moved(100.0), moved(1.0), rtol=1e-5)
    assert not np.allclose(moved(0.5), moved(1.0), rtol=1e-3)


def leaves_sum(tree):
    return sum(leaf.sum() for leaf in jax.tree.leaves(tree))


take_real_step = jax.jit(train_step, static_argnames="spec")


def test_the_step_size_halves_over_as_many_batches_as_asked():
    weights = jnp.zeros(())

    def moved(half_life):
        optimizer, here = clipped_adam(0.01, 1.0, half_life), [weights]
        state = optimizer.init(weights)
        for _ in range(11):
            updates, state = optimizer.update(jnp.ones(()), state, here[-1])
            here.append(optax.apply_updates(here[-1], updates))
        return np.diff(here)

    np.testing.assert_allclose(moved(5), moved(0) * 0.5 ** (np.arange(11) / 5), rtol=1e-3)


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


def test_the_noise_of_every_step_and_sequence_is_its_own(new_state):
    machine, tokens = new_state.model, jnp.zeros((5, 3), jnp.int32)
    one, other = (draw_noise(machine, tokens.shape, jax.random.key(seed)) for seed in (0, 1))
    assert len(np.unique(one)) == one.size == 5 * 3 * machine.controller.projected_size
    assert (one != other).all()
    assert np.std(one) == pytest.approx(1, abs=0.1)
    hidden = jax.jit(lambda noise: machine.batch(tokens, input_noise=noise).hidden)
    assert (hidden(one) != hidden(0 * one)).mean() > 0.9
    np.testing.assert_array_equal(hidden(0 * one), jax.jit(lambda: machine.batch(tokens).hidden)())


@pytest.mark.parametrize(("gradients", "wanted"), [((0.3, 0.3), 0.0), ((0.5, -0.5), 0.5)])
def test_the_variance_of_the_gradient_is_that_of_each_weight_added_up(gradients, wanted):
    optimizer, weights = clipped_adam(), jnp.zeros(2)
    state = optimizer.init(weights)
    for step in range(200):
        _, state = optimizer.update(jnp.full(2, gradients[step % 2]), state, weights)
    assert gradient_variance(state) == pytest.approx(wanted, abs=0.01)
