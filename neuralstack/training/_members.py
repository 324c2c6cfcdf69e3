"""Several runs trained as one compiled program, their states spread over the devices that JAX sees.

On a CPU the states of a device are trained one after the other, on other platforms side by side: mapped, a small
network costs a CPU more than it saves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, PartitionSpec
from jaxtyping import Array, Int, PyTree

from neuralstack.training._config import Config
from neuralstack.training._run import Run
from neuralstack.training._step import Program, TrainState, train_until


@dataclass
class Member:
    """One of the runs that are trained together."""

    config: Config
    run: Run
    state: TrainState
    records: list[dict[str, Any]]
    seconds: float
    ended: tuple[str, str] | None
    """Its status and message, once it has ended."""


def advance(members: list[Member], program: Program, until: list[int]) -> None:
    """Train every member until its step."""
    states = train_each([member.state for member in members], program, until)
    for member, state in zip(members, jax.block_until_ready(states), strict=True):
        member.state = state


def train_each(states: Sequence[TrainState], program: Program, until: Sequence[int]) -> list[TrainState]:
    """Train each state until its own step, or until its loss or a gradient is ill.

    A state that is there already costs nothing. How many states there are, and of which program, decides what is
    compiled.
    """
    if len(states) == 1:
        return [train_until(states[0], program, np.int32(until[0]))]
    devices = used_devices(len(states))
    rows = -(-len(states) // devices) * devices
    spare = rows - len(states)  # each device trains equally many: the last ones are told to take no step
    stops = [*until, *[int(states[0].step)] * spare]
    return _train_rows([*states, *[states[0]] * spare], program, np.array(stops, np.int32))[: len(states)]


def used_devices(count: int) -> int:
    """Return over how many devices so many states are spread."""
    return min(count, jax.device_count())


@partial(jax.jit, static_argnames="program")
def _train_rows(states: list[TrainState], program: Program, until: Int[Array, " rows"]) -> list[TrainState]:
    mesh, members = Mesh(jax.devices()[: used_devices(len(states))], ("members",)), PartitionSpec("members")

    def train_share(share: PyTree[Array], until: Int[Array, " share"]) -> PyTree[Array]:
        def train(both):
            return train_until(both[0], program, both[1])

        every = jax.lax.map if jax.default_backend() == "cpu" else lambda function, rows: jax.vmap(function)(rows)
        return every(train, (share, until))

    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *states)
    # No member knows of another, so nothing is to be checked about what the devices share.
    train_all = jax.shard_map(train_share, mesh=mesh, in_specs=members, out_specs=members, check_vma=False)
    trained = train_all(stacked, until)
    return [jax.tree.map(lambda leaf, row=row: leaf[row], trained) for row in range(len(states))]
