"""The activations of memories and controllers, whose gradient needs their value only."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neuralstack import NeuralStack

NUMBERS = jnp.array([-1e4, -30.0, -1.0, 0.0, 1e-4, 1.0, 30.0, 1e4])
STACK = NeuralStack(1)


def push(x):
    return STACK.decode(jnp.stack([x, 0 * x, 0 * x])).push


def value(x):
    return STACK.decode(jnp.stack([0 * x, 0 * x, x])).value[0]


@pytest.mark.parametrize(("ours", "theirs"), [(push, jax.nn.sigmoid), (value, jnp.tanh)], ids=["sigmoid", "tanh"])
def test_an_activation_has_the_value_and_the_derivatives_that_jax_gives_it(ours, theirs):
    for order in range(3):
        got, wanted = (jax.jit(jax.vmap(function))(NUMBERS) for function in (ours, theirs))
        np.testing.assert_allclose(got, wanted, atol=1e-6, err_msg=str(order))
        ours, theirs = jax.grad(ours), jax.grad(theirs)


def test_the_backward_pass_keeps_nothing_but_the_values():
    kept = jax.eval_shape(lambda raw: jax.vjp(NeuralStack(3).decode, raw)[1], jnp.ones(5))
    assert sum(leaf.size for leaf in jax.tree.leaves(kept)) == 5
