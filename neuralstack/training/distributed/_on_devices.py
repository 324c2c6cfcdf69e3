"""The compiled training step on many devices, of one process or of several."""

from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, Int

from neuralstack.training._shards import Shards
from neuralstack.training._step import StepSpec, TrainState, train_until

EVERYWHERE = PartitionSpec()


def train_on_devices(state: TrainState, spec: StepSpec, until: int, mesh: Mesh) -> TrainState:
    """Train up to step `until` like `train_until`, with each batch spread over the devices of a mesh.

    Every process that has some of the devices makes the same call with the same state, and gets the same result.
    """
    spec = spec._replace(shards=Shards(mesh.size))
    return local(_train_batches(on_all(state, mesh), spec, on_all(jnp.asarray(until, jnp.int32), mesh), mesh))


@partial(jax.jit, static_argnames=("spec", "mesh"))
def _train_batches(state: TrainState, spec: StepSpec, until: Int[Array, ""], mesh: Mesh) -> TrainState:
    shards: Any = spec.shards

    def train_share(state, until):
        state = with_key(state)
        own = replace(state, carried=jax.tree.map(shards.rows, state.carried))
        trained = train_until(own, spec, until)
        return with_key_data(replace(trained, carried=jax.tree.map(shards.whole, trained.carried)))

    # Every device comes to the same state; it cannot be inferred, since the sums come from gathered numbers.
    share = jax.shard_map(train_share, mesh=mesh, in_specs=EVERYWHERE, out_specs=EVERYWHERE, check_vma=False)
    return share(state, until)


def with_key_data(state: TrainState) -> TrainState:
    """Return a state with its random key as numbers, which can be put on the devices of other processes."""
    return replace(state, key=jax.random.key_data(state.key))


def with_key(state: TrainState) -> TrainState:
    """Return a state with its random key as such: the inverse of `with_key_data`."""
    return replace(state, key=jax.random.wrap_key_data(state.key))


def on_all(tree: Any, mesh: Mesh) -> Any:
    """Return a tree of which every device of a mesh has a copy."""
    tree = with_key_data(tree) if isinstance(tree, TrainState) else tree
    everywhere, own = NamedSharding(mesh, EVERYWHERE), mesh.local_devices

    def spread(leaf: Array) -> Array:
        copies = [jax.device_put(leaf, device) for device in own]
        return jax.make_array_from_single_device_arrays(leaf.shape, everywhere, copies)

    return jax.tree.map(spread, tree)


def local(state: TrainState) -> TrainState:
    """Return the copy of a state on this process's first device."""
    return with_key(jax.tree.map(lambda leaf: leaf.addressable_data(0), state))
