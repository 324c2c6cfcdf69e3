"""Checks and lookup of the input tokens of a machine."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float, Int

Tokens = Int[Array, " steps"] | Int[np.ndarray, " steps"] | Sequence[int]
"""One sequence of tokens."""

SHAPES = {
    0: "one token, of shape []",
    1: "one sequence, of shape [steps]",
    2: "a batch with time first, of shape [steps, batch]",
}


def check_tokens(tokens: Any, vocab_size: int, axes: int) -> Int[Array, "..."]:
    """Return tokens as an array of integers.

    Tokens that are traced under `jax.jit` are not checked against the vocabulary.

    Raises:
        TypeError: If the tokens are not integers.
        ValueError: If they have another number of axes, there are none, or one is outside the vocabulary.
    """
    try:
        tokens = tokens if isinstance(tokens, jax.Array) else np.asarray(tokens)
    except ValueError as error:
        raise ValueError(f"tokens must be {SHAPES[axes]}, got sequences of different lengths.") from error
    if 0 in tokens.shape:
        raise ValueError(f"tokens must hold at least one step, got shape {tokens.shape}.")
    if not jnp.issubdtype(tokens.dtype, jnp.integer):
        hint = ": ns.predict takes text" if tokens.dtype.kind == "U" else ""
        raise TypeError(f"tokens must be integers from 0 to {vocab_size - 1}, got {tokens.dtype}{hint}.")
    if tokens.ndim != axes:
        hint = ": for a batch, batch first, use jax.vmap(machine)(tokens)" if (tokens.ndim, axes) == (2, 1) else ""
        raise ValueError(f"tokens must be {SHAPES[axes]}, got shape {tokens.shape}{hint}.")
    if not isinstance(tokens, Tracer):
        known = np.asarray(tokens)
        outside = known[(known < 0) | (known >= vocab_size)]
        if outside.size:
            raise ValueError(f"tokens must be from 0 to {vocab_size - 1}, got {outside.flat[0]}.")
    return jnp.asarray(tokens)


def look_up(table: Float[Array, "vocab width"], tokens: Int[Array, "*steps"]) -> Float[Array, "*steps width"]:
    """Return the row of each token; NaN for tokens outside the table."""
    return table.at[tokens].get(mode="fill", fill_value=jnp.nan, wrap_negative_indices=False)
