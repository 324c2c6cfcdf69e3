"""Batches and first weights: the distribution of what is drawn, and all that it depends on."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neuralstack import complete
from neuralstack.training import begin, draw_batch, step_key, step_spec, with_options
from small import SMALL

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
