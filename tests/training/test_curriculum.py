"""Curricula are pure functions: they are tested without a machine."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neuralstack import Adaptive, Linear, Uniform, Warmup

BOUNDS = 2, 8
KEYS = tuple(jax.random.split(jax.random.key(0)))


def drawn(curriculum, state, taken=0, size=500):
    return set(np.unique(curriculum.draw(state, jnp.asarray(taken), KEYS, size, BOUNDS)).tolist())


def test_a_uniform_curriculum_draws_all_lengths_from_the_start():
    state = Uniform().init(BOUNDS)
    assert state.warmed_up
    assert drawn(Uniform(), state) == set(range(2, 9))


def test_a_warm_up_ends_after_enough_perfect_batches_in_a_row():
    curriculum = Warmup((4, 8))
    state = curriculum.init(BOUNDS)
    for accuracy in (1, 1, 1, 1, 0.9, 1, 1, 1, 1):
        state = curriculum.update(state, jnp.float32(accuracy), BOUNDS)
        assert drawn(curriculum, state) == {4, 8}
    state = curriculum.update(state, jnp.float32(1), BOUNDS)
    assert drawn(curriculum, state) == set(range(2, 9))
    assert curriculum.update(state, jnp.float32(0), BOUNDS).warmed_up


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0, 2.0])
def test_in_the_linear_curriculum_the_longest_length_grows_evenly(share):
    curriculum = Linear(100)
    longest = 2 + int(6 * min(share, 1))
    assert drawn(curriculum, curriculum.init(BOUNDS), int(100 * share)) == set(range(2, longest + 1))


def test_the_adaptive_longest_length_grows_after_enough_good_batches_in_a_row():
    bounds, curriculum = (1, 20), Adaptive(accuracy=0.5, batches=2)
    state = curriculum.init(bounds)
    longest = []
    for accuracy in (0.5, 0.5, 1, 0.4, 1, 1):
        state = curriculum.update(state, jnp.float32(accuracy), bounds)
        longest.append(int(state.longest))
    assert longest == [1, 2, 2, 2, 2, 3]


def test_the_adaptive_longest_length_grows_faster_the_longer_it_is_up_to_the_bound():
    bounds, curriculum = (1, 20), Adaptive(batches=1)
    state, longest = curriculum.init(bounds), []
    while not state.warmed_up:
        state = curriculum.update(state, jnp.float32(1), bounds)
        longest.append(int(state.longest))
    assert longest == [2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 19, 20]


def test_the_adaptive_curriculum_draws_up_to_its_longest_length():
    curriculum = Adaptive()
    assert drawn(curriculum, curriculum.init(BOUNDS)._replace(longest=jnp.int32(4))) == {2, 3, 4}


@pytest.mark.parametrize("curriculum", [Warmup((4, 8)), Adaptive(batches=5)])
def test_batches_without_progress_are_counted_until_all_lengths_have_been_reached(curriculum):
    state = curriculum.init(BOUNDS)
    for count in range(1, 4):
        state = curriculum.update(state, jnp.float32(0), BOUNDS)
        assert state.stalled == count
    for _ in range(5):
        state = curriculum.update(state, jnp.float32(1), BOUNDS)
    assert state.stalled == 0


def test_only_a_curriculum_that_has_not_reached_all_lengths_can_stall():
    state = Uniform().update(Uniform().init(BOUNDS), jnp.float32(0), BOUNDS)
    assert state.stalled == 0


def test_a_warm_up_without_a_length_within_the_bounds_is_uniform():
    assert Warmup((8, 16, 32)).within((2, 20)) == Warmup((8, 16))
    assert Warmup((8, 16, 32)).within((2, 7)) == Uniform()
