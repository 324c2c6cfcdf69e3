"""Several runs trained together, their states distributed over the devices of this process.

On a CPU, each device trains its states one after another with the same compiled program, because mapping such small
networks costs more than it saves. Elsewhere, a device trains its states in parallel, with one program mapped over them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, PartitionSpec
from jaxtyping import Array, Int

from neuralstack.training._callbacks import Callbacks
from neuralstack.training._config import Config
from neuralstack.training._run_directory import Run
from neuralstack.training._step import StepSpec, TrainState, train_until
from neuralstack.training.distributed import DeviceGroup, train_on_devices

CHUNK = 10  # steps between checks of the clock, the keyboard and the progress bar


@dataclass
class Member:
    """One of several runs trained together."""

    config: Config
    run: Run
    state: TrainState
    records: list[dict[str, Any]]
    seconds: float
    ended: str | None
    """Its status once it has ended (see `Outcome`)."""
    callbacks: Callbacks = field(default_factory=Callbacks)
    written: bool = True
    """Whether this process writes the run; of several processes, only process 0 does."""


def advance(members: Sequence[Member], spec: StepSpec, until: list[int], devices: DeviceGroup | None = None) -> None:
    """Train every member up to its step, each batch spread over the devices if some are given, else the members."""
    states = [member.state for member in members]
    if devices is None:
        states = train_each(states, spec, until)
    else:
        states = [train_on_devices(state, spec, stop, devices.mesh) for state, stop in zip(states, until, strict=True)]
    for member, state in zip(members, jax.block_until_ready(states), strict=True):
        member.state = state


def stop_of(member: Member) -> int:
    """Return the step up to which a member is trained next; a member that has ended takes no more steps."""
    return int(member.state.step) if member.ended else next_stop(member.config, member.state)


def next_stop(config: Config, state: TrainState) -> int:
    """Return the next step at which something may be due: a chunk's end, an evaluation, a restart or the last step."""
    step, restart_after = int(state.step), config.stopping.restart_after
    stops = [step - step % every + every for every in (CHUNK, config.evaluate_every)]
    if restart_after and not state.curriculum.warmed_up:
        stops.append(max(step + 1, step + restart_after - int(state.curriculum.stalled)))
    return min(*stops, max(config.max_steps, step))


def train_each(
    states: Sequence[TrainState], spec: StepSpec, until: Sequence[int], *, mapped: bool | None = None
) -> list[TrainState]:
    """Train each state up to its own step, or until its loss or gradient is not healthy, on this process's devices.

    A state that has already reached its step costs next to nothing.

    Args:
        states: The states.
        spec: Their common specification.
        until: The step to reach, for each state.
        mapped: Whether to train the states of a device in parallel. Defaults to True except on a CPU.

    Examples:
        >>> import jax, neuralstack as ns
        >>> task, key = ns.Reversal(max_length=4), jax.random.key(0)
        >>> machine = ns.Machine(ns.GRU(4, 8, key=key), ns.NeuralStack(4), task.vocab_size, key=key)
        >>> spec, state = ns.training.prepare(machine, task, batch_size=2, key=key)
        >>> [int(state.step) for state in ns.training.train_each([state, state], spec, until=[1, 2])]
        [1, 2]
    """
    if jax.default_backend() != "cpu" if mapped is None else mapped:
        return train_mapped(states, spec, until)
    devices = jax.local_devices()
    return [
        train_until(jax.device_put(state, devices[number % len(devices)]), spec, np.int32(stop))
        for number, (state, stop) in enumerate(zip(states, until, strict=True))
    ]


def used_devices(count: int) -> int:
    """Return the number of devices over which `count` states are distributed."""
    return min(count, jax.local_device_count())


def train_mapped(states: Sequence[TrainState], spec: StepSpec, until: Sequence[int]) -> list[TrainState]:
    """Train the states with one program whose axis of states is sharded over the devices."""
    rows = -(-len(states) // used_devices(len(states))) * used_devices(len(states))
    spare = rows - len(states)  # every device needs the same number: the last ones take no step
    stops = np.array([*until, *[int(states[0].step)] * spare], np.int32)
    return _train_rows([*states, *[states[0]] * spare], spec, stops)[: len(states)]


@partial(jax.jit, static_argnames="spec")
def _train_rows(states: list[TrainState], spec: StepSpec, until: Int[Array, " rows"]) -> list[TrainState]:
    mesh, rows = Mesh(jax.local_devices()[: used_devices(len(states))], ("rows",)), PartitionSpec("rows")
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *states)
    train_share = jax.vmap(lambda state, until: train_until(state, spec, until))
    # The rows are independent, so there is nothing to check about what the devices share.
    train_all = jax.shard_map(train_share, mesh=mesh, in_specs=rows, out_specs=rows, check_vma=False)
    trained = train_all(stacked, until)
    return [jax.tree.map(lambda leaf, row=row: leaf[row], trained) for row in range(len(states))]
