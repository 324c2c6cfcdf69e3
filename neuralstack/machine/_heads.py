"""The linear maps from a controller and an embedding to the raw action of a memory."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from neuralstack._connection import Connection
from neuralstack.controllers import glorot
from neuralstack.memories import AbstractMemory


def draw_heads(
    key: PRNGKeyArray, hidden: int, memory: AbstractMemory, connection: Connection
) -> Float[Array, "{hidden} seeing"]:
    """Draw the weights from a controller to the parts of a raw action: its gates, if they see its state, and values.

    Each head is drawn as a separate matrix. In a joint one the strengths would start with the small weights of a wide
    value, and a machine whose strengths do not soon differ between reading and answering gets stuck.
    """
    gate_widths, value_widths = memory.gate_widths, memory.value_widths
    widths = gate_widths + value_widths
    scales = [connection.gate_scale] * len(gate_widths) + [connection.value_scale] * len(value_widths)
    keys = jax.random.split(key, len(widths))
    heads = [scale * glorot(key, hidden, width) for key, width, scale in zip(keys, widths, scales, strict=True)]
    seeing = heads if connection.gates_see_state else heads[len(gate_widths) :]
    return jnp.concatenate([jnp.zeros((hidden, 0)), *seeing], axis=1)


def draw_input_maps(
    key: PRNGKeyArray, memory: AbstractMemory, embedding_dim: int
) -> tuple[Float[Array, "embedding value"] | None, ...]:
    """Draw the linear maps from the embedding to the values of a memory; None adds the embedding unchanged.

    Values as wide as the embedding need no map. A memory without gates does not declare the parts of its raw action, so
    its embedding always goes through a map.
    """
    widths = memory.value_widths
    keys = jax.random.split(key, len(widths))
    return tuple(
        None if memory.gate_widths and width == embedding_dim else glorot(key, embedding_dim, width)
        for key, width in zip(keys, widths, strict=True)
    )


def mapped_input(
    maps: tuple[Float[Array, "embedding value"] | None, ...], embedded: Float[Array, "*steps embedding"], gates: int
) -> Float[Array, "*steps action"]:
    """Return the part of a raw action that comes from the embedding: zeros for the gates, then the values."""
    zeros = jnp.zeros((*embedded.shape[:-1], gates), embedded.dtype)
    return jnp.concatenate([zeros, *(embedded if weights is None else embedded @ weights for weights in maps)], axis=-1)
