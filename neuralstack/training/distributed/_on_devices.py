"""The compiled training step on many devices, of one process or of several."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, Int

from neuralstack.training._shards import AXIS, Shards
from neuralstack.training._step import StepSpec, TrainState, train_until

EVERYWHERE, SPREAD = PartitionSpec(), PartitionSpec(AXIS)


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


def train_members_on_devices(
    states: Sequence[TrainState], spec: StepSpec, until: Sequence[int], mesh: Mesh
) -> list[TrainState]:
    """Train each state up to its own step like `train_each`, with the states spread over the devices of a mesh."""
    spare = -len(states) % mesh.size  # every device needs the same number: the last ones take no step
    padded = [*states, *[states[0]] * spare]
    stops = jnp.asarray([*until, *[int(states[0].step)] * spare], jnp.int32)
    trained = _train_members([on_all(state, mesh) for state in padded], spec, on_all(stops, mesh), mesh)
    return [local(state) for state in trained[: len(states)]]


@partial(jax.jit, static_argnames=("spec", "mesh"))
def _train_members(
    states: list[TrainState], spec: StepSpec, until: Int[Array, " states"], mesh: Mesh
) -> list[TrainState]:
    shards = Shards(mesh.size)

    def train_one(state: TrainState, until: Int[Array, ""]) -> TrainState:
        return with_key_data(train_until(with_key(state), spec, until))

    def train_share(states, until):
        own = jax.tree.map(shards.rows, (states, until))
        if jax.default_backend() == "cpu":  # mapping such small networks costs more than it saves
            trained = jax.lax.map(lambda state_and_stop: train_one(*state_and_stop), own)
        else:
            trained = jax.vmap(train_one)(*own)
        return jax.tree.map(shards.whole, trained)

    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *states)
    share = jax.shard_map(train_share, mesh=mesh, in_specs=EVERYWHERE, out_specs=EVERYWHERE, check_vma=False)
    trained = share(stacked, until)
    return [jax.tree.map(lambda leaf, row=row: leaf[row], trained) for row in range(len(states))]
