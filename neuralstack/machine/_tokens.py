"""Checks of the tokens that a machine is given."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float, Int

Tokens = Int[Array, " steps"] | Int[np.ndarray, " steps"] | Sequence[int]
"""One sequence of tokens."""

AXES = {0: "none: one step of one sequence", 1: "one, the steps of a sequence", 2: "two, steps and batch"}


def check_tokens(tokens: Any, vocab_size: int, axes: int) -> Int[Array, "..."]:
    """Return tokens as an array of integers.

    Tokens that are known only at run time, under `jax.jit`, are not compared with the vocabulary.

    Raises:
        TypeError: If they are not integers.
        ValueError: If they have another number of axes, or one is not in the vocabulary.
    """
    try:
        tokens = tokens if isinstance(tokens, jax.Array) else np.asarray(tokens)
    except ValueError as error:
        raise ValueError(f"tokens must have {axes} axes, got sequences of different lengths.") from error
    if not jnp.issubdtype(tokens.dtype, jnp.integer) and tokens.size:
        raise TypeError(f"tokens must be integers from 0 to {vocab_size - 1}, got {tokens.dtype}.")
    if tokens.ndim != axes:
        hint = ": for a batch, batch first, use jax.vmap(machine)(tokens)" if (tokens.ndim, axes) == (2, 1) else ""
        raise ValueError(f"tokens must have {axes} axes ({AXES[axes]}), got shape {tokens.shape}{hint}.")
    if not isinstance(tokens, Tracer) and tokens.size:
        known = np.asarray(tokens)
        outside = known[(known < 0) | (known >= vocab_size)]
        if outside.size:
            raise ValueError(f"tokens must be in 0..{vocab_size - 1}, got {outside.flat[0]}.")
    return jnp.asarray(tokens, None if tokens.size else jnp.int32)


def look_up(table: Float[Array, "vocab width"], tokens: Int[Array, "*steps"]) -> Float[Array, "*steps width"]:
    """Return the row of each token; NaN for tokens outside the table."""
    return table.at[tokens].get(mode="fill", fill_value=jnp.nan, wrap_negative_indices=False)
