"""Learning from traces: what a textbook program pushes and pops."""

from typing import Any

import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from neuralstack.machine import BatchSteps, Machine
from neuralstack.memories import Action, MixedAction


def force(machine: Machine, raw: Float[Array, "... action"], forced: Array, strengths: Array) -> Any:
    """Return the machine's action, with the program's strengths where it is forced."""
    action = machine.memory.decode(raw)
    gates = machine.memory.gates(action)
    gates = jnp.where(forced > 0, as_gates(strengths, gates.shape[-1]).astype(gates.dtype), gates)
    if isinstance(action, MixedAction):
        return action._replace(operation=gates)
    return action._replace(push=gates[..., 0], pop=gates[..., 1])


def as_gates(strengths: Float[Array, "... 2"], count: int) -> Float[Array, "... gates"]:
    """Return a program's push and pop strengths as the gates of a memory: with a no-op, where there is one."""
    if count == 2:
        return strengths
    return jnp.concatenate([strengths, 1 - strengths.sum(-1, keepdims=True)], axis=-1)


def imitation_error(machine: Machine, shown: BatchSteps, strengths: Any) -> Float[Array, "steps batch"]:
    """Return the cross-entropy of each step's gates with the program's."""
    gates = sum(machine.memory.gate_widths)
    wanted, raw = as_gates(strengths, gates), shown.raw_action[..., :gates]
    if isinstance(shown.action, Action):
        return optax.sigmoid_binary_cross_entropy(raw, wanted).sum(-1)
    return optax.safe_softmax_cross_entropy(raw, wanted)
