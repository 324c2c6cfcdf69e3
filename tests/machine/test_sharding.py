import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import Mesh, PartitionSpec

from neuralstack import GRU, Machine, NeuralStack


@pytest.mark.slow
@pytest.mark.parametrize("connection", ["feedback", pytest.param("layer", marks=pytest.mark.slow)])
@pytest.mark.parametrize("kernel", [None, pytest.param(False, marks=pytest.mark.slow)])
def test_a_batch_sharded_over_devices_gives_the_weights_the_gradient_of_the_whole_batch(kernel, connection):
    key, memory = jax.random.key(0), NeuralStack(3, kernel=kernel)
    machine = Machine(GRU(3, 4, key=key), memory, 5, connection=connection, key=key)
    weights, static = eqx.partition(machine, eqx.is_inexact_array)

    def total(weights, tokens):
        logits = jax.vmap(eqx.combine(weights, static))(tokens)
        return (logits**2).sum()

    gradient = jax.grad(total)
    given = PartitionSpec(), PartitionSpec("batch")
    mesh = Mesh(jax.devices()[:2], "batch")
    sharded = jax.shard_map(gradient, mesh=mesh, in_specs=given, out_specs=PartitionSpec())
    tokens = jnp.arange(24).reshape(4, 6) % 5
    leaves = zip(*(jax.tree.leaves(jax.jit(form)(weights, tokens)) for form in (sharded, gradient)), strict=True)
    for one, other in leaves:
        np.testing.assert_allclose(one, other, atol=1e-5)
