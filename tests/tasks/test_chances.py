import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neuralstack.tasks._chances import draw_chances, pick

COUNT = 6000


@pytest.mark.parametrize("shape", [(), (1,), (2,), (7,), (3, 5)])
def test_chances_have_any_shape_and_are_below_one(shape):
    chances = draw_chances(jax.random.key(0), *shape)
    assert chances.shape == shape
    assert ((chances >= 0) & (chances < 1)).all()


@pytest.mark.parametrize("kinds", [1, 2, 3, 6, 40])
def test_every_number_is_picked_equally_often(kinds):
    counts = np.bincount(pick(draw_chances(jax.random.key(1), COUNT), kinds), minlength=kinds)
    assert len(counts) == kinds
    assert (abs(counts - COUNT / kinds) < 5 * (COUNT / kinds) ** 0.5).all()


def test_nothing_beyond_the_last_is_picked():
    assert pick(jnp.array(1.0), 5) == 4
    assert pick(jnp.array([0.0, 0.5, 0.99999]), jnp.array([7, 2, 300])).tolist() == [0, 1, 299]
