"""Learning from traces: what a textbook program pushes and pops."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from neuralstack.machine import BatchSteps, Machine


def force(machine: Machine, raw: Float[Array, " action"], forced: Array, strengths: Float[Array, "2"]) -> Any:
    """Return the machine's action at one step, with the program's strengths where it is forced."""
    action = machine.memory.decode(raw)
    imposed = machine.memory.impose(action, strengths)
    return jax.tree.map(lambda its, own: jnp.where(forced.reshape(()) > 0, its, own), imposed, action)


def imitation_error(machine: Machine, shown: BatchSteps, strengths: Any) -> Float[Array, "steps batch"]:
    """Return the cross-entropy of each step's gates with the program's."""
    memory = machine.memory

    def error(raw, action, strengths):
        return memory.gate_cross_entropy(raw, memory.gates(memory.impose(action, strengths)))

    return jax.vmap(jax.vmap(error))(shown.raw_action, shown.action, strengths)
