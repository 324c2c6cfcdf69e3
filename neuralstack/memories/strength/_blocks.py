"""Sequences cut into blocks of steps, and loops over those pairs of blocks that see each other."""

from collections.abc import Callable
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PyTree

BLOCK = 64  # steps whose read weights are stored at once
Carry = TypeVar("Carry")


def block_size(steps: int) -> int:
    """Return the number of steps in a block of a sequence: `BLOCK`, or fewer for a short one."""
    return max(1, min(BLOCK, -(-steps // 8) * 8))


def in_blocks(tree: PyTree[Array], block: int) -> PyTree[Array]:
    """Return sequences as blocks, padded with zeros to a whole number of them, at least one."""

    def cut(leaf):
        pad = -len(leaf) % block or block * (len(leaf) == 0)
        return jnp.pad(leaf, [(0, pad)] + [(0, 0)] * (leaf.ndim - 1)).reshape(-1, block, *leaf.shape[1:])

    return jax.tree.map(cut, tree)


def joined(tree: PyTree[Array], steps: int | None = None) -> PyTree[Array]:
    """Return blocks as sequences of this many steps, by default with the padding."""
    return jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:])[:steps], tree)


def block_at(tree: PyTree[Array], number: Int[Array, ""]) -> Any:
    """Return one block of each sequence."""
    return jax.tree.map(lambda leaf: leaf[number], tree)


def blocks_of(steps: Int[Array, ""], block: int) -> Int[Array, ""]:
    """Return the number of blocks that hold this many steps."""
    return (steps + block - 1) // block


def product(weights: Float[Array, "rows columns"], values: Float[Array, "columns width"]) -> Float[Array, "rows width"]:
    """Return the matrix product in the dtype of the weights: sums over several blocks are not rounded in between."""
    return jnp.matmul(weights.astype(values.dtype), values, preferred_element_type=weights.dtype)


def cut_after(cotangents: Float[Array, "length width"], steps: Int[Array, ""]) -> Float[Array, "length width"]:
    """Return the cotangents of the first `steps` reads, and zeros in place of the others."""
    return jnp.where((jnp.arange(len(cotangents)) < steps)[:, None], cotangents, jnp.zeros_like(cotangents))


def over(chosen: Bool[Array, " blocks"], step: Callable[[Int[Array, ""], Carry], Carry], carry: Carry) -> Carry:
    """Return the carry after a step for each chosen block, from the last one to the first.

    The carry must be small: under `jax.vmap` it is copied in every step.
    """
    numbers = jnp.arange(len(chosen))

    def last(before):
        return jnp.where(chosen & (numbers < before), numbers, -1).max()

    def take(state):
        number, carry = state
        return last(number), step(number, carry)

    return jax.lax.while_loop(lambda state: state[0] >= 0, take, (last(len(chosen)), carry))[1]
