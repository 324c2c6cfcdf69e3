"""The numbers whose signs determine the actions of a machine with a discrete memory."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from neuralstack.machine import Machine, gate_weights


def decisions(machine: Machine) -> tuple[Float[Array, "hidden decisions"], Float[Array, " decisions"]]:
    """Return the weights and the bias that map a hidden vector to numbers whose signs determine the actions.

    The sign of its raw number determines a strength; the signs of the differences between its operations, a mixture.
    """
    gates = sum(machine.memory.gate_widths)
    compared = jnp.asarray(machine.memory.decision_matrix(), machine.action_weights.dtype)
    return gate_weights(machine) @ compared, machine.action_bias[:gates] @ compared
