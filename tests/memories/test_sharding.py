from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import Mesh, PartitionSpec

from cases import MEMORIES_UNDER_TEST, quick
from neuralstack import AbstractMemory, Action, NeuralStack, run

BATCH, STEPS, WIDTH = 4, 5, 3
SHARDED, REPLICATED = PartitionSpec("batch"), PartitionSpec()
mesh = partial(Mesh, axis_names=("batch",))


class Clock(AbstractMemory):
    """A memory whose read does not depend on its actions."""

    action_size = 1
    read_size = 2

    def init(self, steps, dtype=None):
        return jnp.zeros((), dtype), jnp.ones(2, dtype)

    def decode(self, raw):
        return raw

    def step(self, state, action):
        return (state[0] + action[0], jnp.ones(2)), jnp.ones(2)


def with_gradients(memory, raw):
    """The reads of every sequence of a batch, and their gradients."""

    def pulled_back(raw):
        reads, pull = jax.vjp(lambda raw: run(memory, memory.decode(raw)), raw)
        return reads, *pull(jnp.cos(reads))

    return jax.vmap(pulled_back)(raw)


def assert_sharded_as_whole(memory):
    raw = jax.random.normal(jax.random.key(0), (BATCH, STEPS, memory.action_size))
    form = partial(with_gradients, memory)
    sharded = jax.shard_map(form, mesh=mesh(jax.devices()[:2]), in_specs=SHARDED, out_specs=SHARDED)
    for one, other in zip(jax.jit(sharded)(raw), jax.jit(form)(raw), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("name", quick(MEMORIES_UNDER_TEST, "stack"))
def test_a_batch_sharded_over_devices_has_the_reads_and_gradients_of_the_whole_batch(name):
    assert_sharded_as_whole(MEMORIES_UNDER_TEST[name](WIDTH))


def test_a_memory_with_constant_reads_and_states_can_be_sharded():
    assert_sharded_as_whole(Clock())


@pytest.mark.slow
@pytest.mark.parametrize("kernel", quick([None, False], None))
def test_strengths_that_every_device_shares_have_the_gradient_of_the_whole_batch(kernel):
    stack, push = NeuralStack(WIDTH, kernel=kernel), jnp.linspace(0.2, 0.8, STEPS)
    values = jax.random.normal(jax.random.key(0), (BATCH, STEPS, WIDTH))
    lengths = jnp.array([5, 1, 4, 3])

    def total(push, values, lengths):
        read = jax.vmap(lambda values, length: stack.run(Action(push, push / 2, values), length)[0])
        return read(values, lengths).sum()

    given = REPLICATED, SHARDED, SHARDED
    sharded = jax.shard_map(jax.grad(total), mesh=mesh(jax.devices()[:2]), in_specs=given, out_specs=REPLICATED)
    np.testing.assert_allclose(
        jax.jit(sharded)(push, values, lengths), jax.grad(total)(push, values, lengths), atol=1e-5
    )
