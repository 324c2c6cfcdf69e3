"""Positions on the line of the strength memories, exact at any distance from its start.

The line of a tall stack or a long queue is thousands of units long, but what matters are differences of a fraction of a
unit: the strength of an element, a tie. A float32 number near 1000 is exact only to 6e-5. So a position is stored as
the sum of two numbers, with twice as many digits (Dekker, 1971; Knuth's error-free sum), and the two ends of an element
are subtracted before rounding: strengths are exact to the last digits of float32 at any length.

Gradients flow through the larger number only.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike
from jaxtyping import Array, Bool, Float, Int


class Position(NamedTuple):
    """One or more positions on the line: the sum of a number and its rounding error."""

    near: Float[Array, "..."]
    rest: Float[Array, "..."]


def start(shape: tuple[int, ...], dtype: DTypeLike) -> Position:
    """Return the start of the line, in new buffers."""
    return Position(jnp.zeros(shape, dtype), jnp.zeros(shape, dtype))


def moved(position: Position, by: Float[Array, "..."] | float) -> Position:
    """Return a position moved along the line."""
    near = position.near + by
    by_near = near - position.near
    lost = (position.near - (near - by_near)) + (by - by_near)
    return normalized(near, lost + position.rest)


def added(first: Position, second: Position) -> Position:
    """Return the sum of two positions."""
    moved_by = moved(first, second.near)
    return normalized(moved_by.near, moved_by.rest + second.rest)


def normalized(near: Float[Array, "..."], rest: Float[Array, "..."]) -> Position:
    """Return the unique form of a sum in which the larger number is as close to it as possible."""
    rest = jax.lax.stop_gradient(rest)
    rounded = near + rest
    return Position(rounded, jax.lax.stop_gradient(rest - (rounded - near)))


def opposite(position: Position) -> Position:
    """Return a position on the line turned upside down."""
    return Position(-position.near, -position.rest)


def distance(first: Position, second: Position) -> Float[Array, "..."]:
    """Return how far the first position is beyond the second; the sign is exact."""
    return (first.near - second.near) + jax.lax.stop_gradient(first.rest - second.rest)


def choose(condition: Bool[Array, "..."], first: Position, second: Position) -> Position:
    """Return the first position where a condition holds, and the second elsewhere."""
    return Position(
        jnp.where(condition, first.near, second.near),
        jax.lax.stop_gradient(jnp.where(condition, first.rest, second.rest)),
    )


def at(positions: Position, index: Any) -> Position:
    """Return the positions at an index."""
    return Position(positions.near[index], positions.rest[index])


def put(
    array: Float[Array, "cells ..."], index: Int[Array, ""] | int, item: Float[Array, "..."]
) -> Float[Array, "cells ..."]:
    """Return an array with one item replaced; an index outside of the array, negative ones too, changes nothing."""
    return array.at[index].set(item.astype(array.dtype), mode="drop", wrap_negative_indices=False)


def put_position(positions: Position, index: Int[Array, ""] | int, position: Position) -> Position:
    """Return the positions with one of them replaced, as by `put`."""
    return Position(put(positions.near, index, position.near), put(positions.rest, index, position.rest))


def clip_to(edges: Position, level: Position) -> Position:
    """Return the lower of edges and a level, where the level wins a tie."""
    return choose(distance(edges, level) >= 0, level, edges)
