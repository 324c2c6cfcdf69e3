"""Paths from the input and from the last read to an action, past the state of the controller."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from neuralstack._activations import sigmoid
from neuralstack._connection import Connection
from neuralstack._rounding import Rounding, unrounded
from neuralstack.controllers import glorot
from neuralstack.memories import AbstractMemory

REPEAT_BIAS = -1.0  # at first, little of what was read is pushed again
CONSTANT = 20.0  # its hyperbolic tangent is 1 in single and in double precision


class DirectPaths(eqx.Module):
    """Additions of a connection to a raw action; those that it lacks are None.

    The gates that they reach are the memory's, followed by those with which each value repeats what was read.
    """

    gates_from_input: Float[Array, "embedding gates"] | None
    gates_from_read: Float[Array, "read gates"] | None
    repeat_weights: Float[Array, "hidden values"] | None
    repeat_bias: Float[Array, " values"] | None
    num_gates: int = eqx.field(static=True)
    value_widths: tuple[int, ...] = eqx.field(static=True)
    value_constant: bool = eqx.field(static=True)

    def __init__(
        self, connection: Connection, memory: AbstractMemory, embedding_dim: int, hidden: int, *, key: PRNGKeyArray
    ):
        keys = jax.random.split(key, 3)
        gates, self.value_widths = sum(memory.gate_widths), memory.value_widths
        if connection.values_repeat_read and sum(self.value_widths) != memory.read_size:
            raise ValueError(
                "values_repeat_read needs a memory whose reads are as wide as its values, got "
                f"{memory.read_size} and {sum(self.value_widths)} of {memory}."
            )
        if connection.value_constant and not self.value_widths:
            raise ValueError(f"value_constant needs a memory with values, got {memory}: leave it out.")
        repeats = len(self.value_widths) if connection.values_repeat_read else 0
        self.gates_from_input = glorot(keys[0], embedding_dim, gates + repeats) if connection.gates_see_input else None
        self.gates_from_read = glorot(keys[1], memory.read_size, gates + repeats) if connection.gates_see_read else None
        self.repeat_weights = glorot(keys[2], hidden, repeats) if repeats else None
        self.repeat_bias = jnp.full(repeats, REPEAT_BIAS) if repeats else None
        self.num_gates = gates
        self.value_constant = connection.value_constant

    def __call__(
        self,
        raw: Float[Array, "*steps action"],
        hidden: Float[Array, "*steps hidden"],
        embedded: Float[Array, "*steps embedding"],
        read: Float[Array, "*steps read"] | None,
        rounding: Rounding = unrounded,
    ) -> Float[Array, "*steps action"]:
        """Return a raw action with the direct paths added."""
        gates, values = raw[..., : self.num_gates], raw[..., self.num_gates :]
        if self.repeat_weights is not None and self.repeat_bias is not None:
            gates = jnp.concatenate([gates, hidden @ self.repeat_weights + self.repeat_bias], axis=-1)
        if self.gates_from_input is not None:
            gates = gates + embedded @ self.gates_from_input
        if self.gates_from_read is not None and read is not None:
            gates = gates + read @ self.gates_from_read
        gates, repeat = gates[..., : self.num_gates], gates[..., self.num_gates :]
        if self.repeat_weights is not None and read is not None:
            repeat, widths = rounding(sigmoid(repeat)), jnp.array(self.value_widths)
            values = values + jnp.repeat(repeat, widths, axis=-1, total_repeat_length=values.shape[-1]) * read
        if self.value_constant:
            starts = [sum(self.value_widths[:number]) for number in range(len(self.value_widths))]
            values = values.at[..., jnp.array(starts)].set(CONSTANT)
        return jnp.concatenate([gates, values], axis=-1)
