"""Several runs trained together, their states spread over the devices that JAX sees.

On a CPU each device trains its states one after the other, all by the same compiled program; elsewhere a device trains
its states side by side, as one program of all. Mapped, so small a network costs a CPU more than it saves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, PartitionSpec
from jaxtyping import Array, Int

from neuralstack.training._config import Config
from neuralstack.training._run_directory import Run
from neuralstack.training._step import StepSpec, TrainState, train_until


@dataclass
class Member:
    """One of the runs that are trained together."""

    config: Config
    run: Run
    state: TrainState
    records: list[dict[str, Any]]
    seconds: float
    ended: str | None
    """Its status, once it has ended (see `Outcome`)."""


def advance(members: list[Member], spec: StepSpec, until: list[int]) -> None:
    """Train every member until its step."""
    states = train_each([member.state for member in members], spec, until)
    for member, state in zip(members, jax.block_until_ready(states), strict=True):
        member.state = state


def train_each(
    states: Sequence[TrainState], spec: StepSpec, until: Sequence[int], *, mapped: bool | None = None
) -> list[TrainState]:
    """Train each state until its own step, or until its loss or a gradient is not healthy.

    A state that is there already costs next to nothing.

    Args:
        states: The states.
        spec: That of all of them.
        until: The step of each.
        mapped: Whether to train those of a device side by side; defaults to where it is not a CPU.
    """
    if jax.default_backend() != "cpu" if mapped is None else mapped:
        return train_mapped(states, spec, until)
    devices = jax.devices()
    return [
        train_until(jax.device_put(state, devices[number % len(devices)]), spec, np.int32(stop))
        for number, (state, stop) in enumerate(zip(states, until, strict=True))
    ]


def used_devices(count: int) -> int:
    """Return over how many devices so many states are spread."""
    return min(count, jax.device_count())


def train_mapped(states: Sequence[TrainState], spec: StepSpec, until: Sequence[int]) -> list[TrainState]:
    """Train the states as one program, whose axis of states is spread over the devices."""
    rows = -(-len(states) // used_devices(len(states))) * used_devices(len(states))
    spare = rows - len(states)  # each device trains equally many: the last ones are told to take no step
    stops = np.array([*until, *[int(states[0].step)] * spare], np.int32)
    return _train_rows([*states, *[states[0]] * spare], spec, stops)[: len(states)]


@partial(jax.jit, static_argnames="spec")
def _train_rows(states: list[TrainState], spec: StepSpec, until: Int[Array, " rows"]) -> list[TrainState]:
    mesh, rows = Mesh(jax.devices()[: used_devices(len(states))], ("rows",)), PartitionSpec("rows")
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *states)
    train_share = jax.vmap(lambda state, until: train_until(state, spec, until))
    # No row knows of another, so nothing is to be checked about what the devices share.
    train_all = jax.shard_map(train_share, mesh=mesh, in_specs=rows, out_specs=rows, check_vma=False)
    trained = train_all(stacked, until)
    return [jax.tree.map(lambda leaf, row=row: leaf[row], trained) for row in range(len(states))]
