"""Discrete memories as what they all are: stacks and queues, each pushed and popped or not."""

from typing import Any, Literal, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import block_diag
from jaxtyping import Array, Float

from neuralstack.machine import Machine
from neuralstack.memories import AbstractMemory, Action, CompositeMemory, HardStack, NeuralQueue, Quantized
from neuralstack.memories.discrete._hard_mixture import HardMixtureStacks

COMPARED = np.array([[1.0, 1.0, 0.0], [-1.0, 0.0, 1.0], [0.0, -1.0, -1.0]])
"""From the raw weights of push, pop and no-op to their differences, whose signs say which is the greatest."""


class End(NamedTuple):
    """One stack or queue."""

    kind: Literal["stack", "queue"]
    depth: int = 1
    """How many elements are read, from the top or the front."""
    empty: float = 0.0
    """What is read where there is no element."""


def ends_of(memory: AbstractMemory) -> tuple[End, ...] | None:
    """Return the stacks and queues that a hardened memory is, in the order of their reads; None if it is none."""
    if isinstance(memory, CompositeMemory):
        found = [ends_of(part) for part in memory.parts]
        return None if None in found else tuple(end for ends in found for end in ends or ())
    if isinstance(memory, HardMixtureStacks):
        return (End("stack", memory.depth_read, memory.empty),) * memory.stacks
    if isinstance(memory, HardStack):
        return (End("stack"),)
    if isinstance(memory, Quantized) and isinstance(memory.memory, NeuralQueue):
        return (End("queue"),)
    return None


def end_actions(memory: AbstractMemory, action: Any) -> tuple[Action, ...]:
    """Return what an action does to each of a memory's stacks and queues, at any number of steps at once."""
    if isinstance(memory, CompositeMemory):
        parts = zip(memory.parts, action, strict=True)
        return tuple(one for part, of_part in parts for one in end_actions(part, of_part))
    if not isinstance(memory, HardMixtureStacks):
        return (action,)
    steps = action.operation.shape[: -len(memory.action_axes)]
    operation = action.operation.reshape(*steps, memory.stacks, 3)
    value = action.value.reshape(*steps, memory.stacks, -1)
    return tuple(
        Action(operation[..., number, 0], operation[..., number, 1], value[..., number, :])
        for number in range(memory.stacks)
    )


def decisions(machine: Machine) -> tuple[Float[Array, "hidden decisions"], Float[Array, " decisions"]]:
    """Return the weights and the bias that make numbers of what a controller shows whose signs decide its actions.

    A strength is decided by the sign of its raw number; a mixture by those of the differences between its operations.
    """
    gates = sum(machine.memory.gate_widths)
    compared = jnp.asarray(compared_in(machine.memory), machine.action_weights.dtype)
    return machine.action_weights[:, :gates] @ compared, machine.action_bias[:gates] @ compared


def compared_in(memory: AbstractMemory) -> Float[Array, "gates decisions"]:
    """Return the sums and differences of a memory's raw gates whose signs decide its discrete action."""
    if isinstance(memory, CompositeMemory):
        return block_diag(*map(compared_in, memory.parts))
    if isinstance(memory, HardMixtureStacks):
        return jnp.kron(jnp.eye(memory.stacks), COMPARED)
    return jnp.eye(sum(memory.gate_widths))
