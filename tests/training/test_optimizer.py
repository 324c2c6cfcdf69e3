"""Adam with clipping: how far it moves, and what it knows of its gradients."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from neuralstack.training import clipped_adam, gradient_variance


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


@pytest.mark.parametrize(("gradients", "wanted"), [((0.3, 0.3), 0.0), ((0.5, -0.5), 0.5)])
def test_the_variance_of_the_gradient_is_that_of_each_weight_added_up(gradients, wanted):
    optimizer, weights = clipped_adam(), jnp.zeros(2)
    state = optimizer.init(weights)
    for step in range(200):
        _, state = optimizer.update(jnp.full(2, gradients[step % 2]), state, weights)
    assert gradient_variance(state) == pytest.approx(wanted, abs=0.01)
