import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neuralstack._activations import sigmoid, tanh

NUMBERS = jnp.array([-1e4, -30.0, -1.0, 0.0, 1e-4, 1.0, 30.0, 1e4])


@pytest.mark.parametrize(("ours", "theirs"), [(sigmoid, jax.nn.sigmoid), (tanh, jnp.tanh)], ids=["sigmoid", "tanh"])
def test_an_activation_has_the_value_and_the_derivatives_that_jax_gives_it(ours, theirs):
    for order in range(3):
        np.testing.assert_allclose(jax.vmap(ours)(NUMBERS), jax.vmap(theirs)(NUMBERS), atol=1e-6, err_msg=str(order))
        ours, theirs = jax.grad(ours), jax.grad(theirs)


@pytest.mark.parametrize("activation", [sigmoid, tanh])
def test_the_backward_pass_keeps_nothing_but_the_value(activation):
    kept = jax.eval_shape(lambda x: jax.vjp(activation, x)[1], jnp.ones(5))

    assert [leaf.shape for leaf in jax.tree.leaves(kept)] == [(5,)]
