"""Sequences cut into blocks of steps, so that only the read weights of one block are stored at a time."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

BLOCK = 32  # steps whose read weights are stored at once


def blocks_of(steps: Int[Array, ""]) -> Int[Array, ""]:
    """Return the number of blocks that hold this many steps."""
    return (steps + BLOCK - 1) // BLOCK


def whole_blocks(*sequences: Float[Array, "steps ..."]) -> tuple[Float[Array, "padded ..."], ...]:
    """Pad sequences with zeros to a whole number of blocks, at least one."""
    pad = -len(sequences[0]) % BLOCK or BLOCK * (len(sequences[0]) == 0)
    return tuple(jnp.pad(sequence, [(0, pad)] + [(0, 0)] * (sequence.ndim - 1)) for sequence in sequences)
