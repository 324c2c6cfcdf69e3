"""The numbers whose signs decide what a machine with a discrete memory does."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from neuralstack.machine import Machine


def decisions(machine: Machine) -> tuple[Float[Array, "hidden decisions"], Float[Array, " decisions"]]:
    """Return the weights and the bias that make numbers of a controller's output whose signs decide its actions.

    A strength is decided by the sign of its raw number; a mixture by those of the differences between its operations.
    """
    gates = sum(machine.memory.gate_widths)
    compared = jnp.asarray(machine.memory.decision_matrix(), machine.action_weights.dtype)
    return machine.action_weights[:, :gates] @ compared, machine.action_bias[:gates] @ compared
