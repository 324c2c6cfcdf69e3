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


def test_the_adaptive_longest_length_grows_by_one_after_enough_perfect_batches_in_a_row():
    curriculum = Adaptive()
    state = curriculum.init(BOUNDS)
    grown = []
    for _ in range(12):
        state = curriculum.update(state, jnp.float32(1), BOUNDS)
        grown.append(int(state.longest) - 2)
    assert grown == [0] * 4 + [1] * 5 + [2] * 3
    assert state.warmed_up
    assert drawn(curriculum, state) == {2, 3, 4}


def test_a_warm_up_without_a_length_within_the_bounds_is_uniform():
    assert Warmup((8, 16, 32)).within((2, 20)) == Warmup((8, 16))
    assert Warmup((8, 16, 32)).within((2, 7)) == Uniform()
