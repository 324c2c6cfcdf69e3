from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from neuralstack import complete
from neuralstack.training import StepSpec, _step as step_module, begin, train_until
from neuralstack.training._loop import gradient_variance
from neuralstack.training._objectives import noise_on
from neuralstack.training._step import (
    HEALTHY,
    NOT_FINITE,
    VANISHED,
    WARMED_UP_AFTER,
    draw_batch,
    draw_lengths,
    step_key,
    train_step,
)
from small import SMALL, all_finite, assert_same_leaves

pytest_plugins = ("small_runs",)

CONFIG = complete(SMALL)
PROGRAM = StepSpec.of(CONFIG)
LOW, HIGH = CONFIG.lengths


BATCHES, BATCH = 100, 5


@pytest.fixture(scope="module")
def draw_many(new_state):
    """Draw the batches of the first steps; small ones, so that they differ in their longest sequence."""
    program = PROGRAM._replace(batch=BATCH)

    def draw_one(state):
        return draw_batch(state, program, step_key(state))

    @jax.jit
    def draw(warmed_up, seed, attempt):
        here = replace(new_state, warmed_up=warmed_up, seed=seed, attempt=attempt)
        return jax.lax.map(lambda step: draw_one(replace(here, step=step)), jnp.arange(BATCHES))

    return lambda warmed_up, seed=0, attempt=0: draw(*map(jnp.asarray, (warmed_up, seed, attempt)))


def lengths_of(batches):
    """The length of every source, a row for each batch: the answer and its END are scored."""
    return np.asarray(batches.example.mask.sum(1)) - 1


def test_before_an_attempt_is_settled_its_lengths_are_the_first_ones_equally_often(draw_many):
    lengths, counts = np.unique(lengths_of(draw_many(False)), return_counts=True)
    assert tuple(lengths) == CONFIG.first_lengths
    assert counts.sum() == BATCHES * BATCH
    np.testing.assert_allclose(counts / counts.sum(), 1 / len(lengths), atol=4 * np.sqrt(0.25 / counts.sum()))


def test_once_an_attempt_is_settled_its_lengths_cover_the_whole_range(draw_many):
    lengths = lengths_of(draw_many(True))
    assert set(lengths.flat) == set(range(LOW, HIGH + 1))
    share = 1 / (HIGH - LOW + 1)
    for length in range(LOW, HIGH + 1):
        assert abs((lengths == length).mean() - share) < 4 * np.sqrt(share / lengths.size)


def test_without_first_lengths_an_attempt_is_settled_from_the_start():
    assert begin(replace(CONFIG, first_lengths=())).warmed_up
    assert not begin(CONFIG).warmed_up


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
    return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(begin(config, attempt).machine)])


def test_first_weights_depend_on_the_seed_and_the_attempt_only():
    weights = weights_of(CONFIG)
    np.testing.assert_array_equal(weights, weights_of(replace(CONFIG, steps=7, batch=3, restart_after=1)))
    others = [weights_of(replace(CONFIG, seed=1)), weights_of(CONFIG, attempt=1)]
    assert all((weights != other).mean() > 0.5 for other in others)
    assert (others[0] != others[1]).mean() > 0.5


def test_training_to_a_step_in_parts_is_training_to_it_at_once(new_state):
    state = new_state
    for until in (1, 5, 5, 8):
        state = train_until(state, PROGRAM, np.int32(until))
        assert state.step == until
        assert state.num_accumulated == until
    assert_same_leaves(state, train_until(new_state, PROGRAM, np.int32(8)))
    assert (np.asarray(state.machine.embedding) != new_state.machine.embedding).any()


def test_a_state_past_the_wanted_step_is_left_alone(new_state):
    later = replace(new_state, step=jnp.asarray(9, jnp.int32))
    assert_same_leaves(train_until(later, PROGRAM, np.int32(4)), later)


def with_leaf(state, where, change):
    return eqx.tree_at(lambda state: where(state.machine), state, replace_fn=change)


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
    assert_same_leaves((after.machine, after.optimizer), (ill.machine, ill.optimizer))


@pytest.fixture
def take_step(new_state, monkeypatch):
    """Take steps with an objective whose gradient, loss and fraction of right answers are given."""
    now = {}

    def given(name, machine, *_):
        total = sum(leaf.sum() for leaf in jax.tree.leaves(machine))
        return now["gradient"] * total, (now["loss"], now["right"], None)

    monkeypatch.setattr(step_module, "objective", given)

    @jax.jit
    def step(state, gradient, loss, right):
        now.update(gradient=gradient, loss=loss, right=right)
        return train_step(state, PROGRAM)

    return lambda state, gradient=0.1, loss=1.0, right=0.5: step(state, *map(jnp.float32, (gradient, loss, right)))


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
    assert all_finite((after.machine, after.optimizer))
    if failure != HEALTHY:
        assert_same_leaves((after.machine, after.optimizer), (new_state.machine, new_state.optimizer))
    elif given.get("gradient"):
        assert (np.asarray(after.machine.embedding) != new_state.machine.embedding).any()


def test_an_attempt_is_settled_by_enough_right_batches_in_a_row_and_stays_so(new_state, take_step):
    state = new_state
    for right in [1.0] * (WARMED_UP_AFTER - 1) + [0.98] + [1.0] * (WARMED_UP_AFTER - 1):
        state = take_step(state, right=right)
        assert not state.warmed_up
    state = take_step(state, right=1.0)
    assert state.warmed_up
    state = take_step(state, right=0.0)
    assert state.warmed_up
    assert state.perfect_batches == 0


def test_loss_and_accuracy_are_summed_since_the_last_evaluation(new_state, take_step):
    state = take_step(take_step(new_state, loss=2.0, right=0.25), loss=3.0, right=0.5)
    assert (state.num_accumulated, state.loss, state.accuracy) == (2, 5.0, 0.75)


def test_a_large_gradient_moves_the_weights_no_further_than_a_clipped_one():
    program = PROGRAM._replace(clip=1.0)
    weights = {"a": jnp.zeros(2)}

    def moved(scale):
        optimizer, state, here = program.optimizer(), program.optimizer().init(weights), weights
        for gradient in ([0.6, 0.8], [scale * 0.8, scale * 0.6]):
            updates, state = optimizer.update({"a": jnp.array(gradient)}, state)
            here = optax.apply_updates(here, updates)
        return here["a"]

    np.testing.assert_allclose(moved(100.0), moved(1.0), rtol=1e-5)
    assert not np.allclose(moved(0.5), moved(1.0), rtol=1e-3)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0, 2.0])
def test_in_the_growing_curriculum_the_longest_length_grows_evenly(new_state, share):
    program = PROGRAM._replace(batch=500, curriculum="growing", first_lengths=(), grow_over=100)
    state = replace(new_state, step=jnp.asarray(7 + int(100 * share)), attempt_start=jnp.asarray(7))
    lengths = draw_lengths(state, program, *jax.random.split(jax.random.key(0)))
    assert set(lengths.tolist()) == set(range(LOW, LOW + int((HIGH - LOW) * min(share, 1)) + 1))


def test_the_longest_length_grows_by_one_after_enough_right_batches_in_a_row(monkeypatch):
    config = complete(replace(SMALL, first_lengths=None, curriculum="success"))
    program, state = StepSpec.of(config), begin(config)
    all_right = jnp.ones(()), jnp.ones(()), None
    monkeypatch.setattr(step_module, "objective", lambda name, machine, *_: (leaves_sum(machine), all_right))
    step = jax.jit(lambda state: train_step(state, program))
    assert not state.warmed_up
    grown = []
    for _ in range(12):
        state = step(state)
        grown.append(int(state.longest) - config.lengths[0])
    assert grown == [0] * 4 + [1] * 5 + [2] * 3
    assert state.warmed_up
    lengths = draw_lengths(state, program, *jax.random.split(jax.random.key(0)))
    assert set(np.unique(lengths)) <= set(range(config.lengths[0], config.lengths[0] + 3))


def leaves_sum(tree):
    return sum(leaf.sum() for leaf in jax.tree.leaves(tree))


take_real_step = jax.jit(train_step, static_argnames="program")


@pytest.mark.slow
def test_the_step_size_halves_over_as_many_batches_as_asked(new_state):
    late = replace(new_state, step=jnp.asarray(10))
    plain, halved = (take_real_step(late, PROGRAM._replace(halve_every=every)) for every in (0, 5))
    for old, new, quiet in zip(*(jax.tree.leaves(state.machine) for state in (new_state, plain, halved)), strict=True):
        np.testing.assert_allclose(quiet - old, (new - old) / 4, rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize(("part", "weight"), [("pull", 5.0), ("noise", 1.0)])
@pytest.mark.slow
def test_the_pull_and_the_noise_begin_after_as_many_batches_as_asked(new_state, part, weight):
    with_it, without = (
        PROGRAM._replace(weights=PROGRAM.weights._replace(**{part: amount})) for amount in (weight, 0.0)
    )
    later = with_it._replace(**{f"{part}_after": 10})

    def after(program, step):
        return jax.tree.leaves(take_real_step(replace(new_state, step=jnp.asarray(step)), program).machine)

    for step, same in ((9, without), (10, with_it)):
        for one, other in zip(after(later, step), after(same, step), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-6)
    assert any(np.abs(a - b).max() > 1e-3 for a, b in zip(after(later, 9), after(with_it, 9), strict=True))


def test_the_noise_of_every_step_and_sequence_is_its_own(new_state):
    machine, tokens = new_state.machine, jnp.zeros((5, 3), jnp.int32)
    one, other = (noise_on(machine, tokens, jax.random.key(seed)) for seed in (0, 1))
    assert len(np.unique(one)) == one.size == 5 * 3 * machine.controller.projected_size
    assert (one != other).all()
    assert np.std(one) == pytest.approx(1, abs=0.1)
    hidden = jax.jit(lambda noise: machine.batch(tokens, input_noise=noise).hidden)
    assert (hidden(one) != hidden(0 * one)).mean() > 0.9
    np.testing.assert_array_equal(hidden(0 * one), jax.jit(lambda: machine.batch(tokens).hidden)())


@pytest.mark.parametrize(("gradients", "wanted"), [((0.3, 0.3), 0.0), ((0.5, -0.5), 0.5)])
def test_the_variance_of_the_gradient_is_that_of_each_weight_added_up(gradients, wanted):
    optimizer = PROGRAM.optimizer()
    state = optimizer.init(jnp.zeros(2))
    for step in range(200):
        _, state = optimizer.update(jnp.full(2, gradients[step % 2]), state)
    assert gradient_variance(state) == pytest.approx(wanted, abs=0.01)
