"""Places on the line of the strength memories, exact however far from its start they are.

The line of a tall stack or of a long queue is thousands of units long, and what matters on it are differences of a
fraction of a unit: the strength of an element, a tie. One float32 number near 1000 is exact to 6e-5. So a place is
kept as the sum of two numbers, twice as many digits (Dekker, 1971; Knuth's sum without error), and the two ends of an
element are subtracted before anything is rounded: strengths are exact to the last digits of float32 at any length.

Gradients flow through the larger number alone.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike
from jaxtyping import Array, Bool, Float, Int


class Position(NamedTuple):
    """A place on the line, or several: the sum of a number and of what it was rounded by."""

    near: Float[Array, "..."]
    rest: Float[Array, "..."]


def start(shape: tuple[int, ...], dtype: DTypeLike) -> Position:
    """Return the start of the line, in buffers of its own."""
    return Position(jnp.zeros(shape, dtype), jnp.zeros(shape, dtype))


def moved(position: Position, by: Float[Array, "..."] | float) -> Position:
    """Return a place moved along the line."""
    near = position.near + by
    by_near = near - position.near
    lost = (position.near - (near - by_near)) + (by - by_near)
    return normalized(near, lost + position.rest)


def added(first: Position, second: Position) -> Position:
    """Return the sum of two places."""
    moved_by = moved(first, second.near)
    return normalized(moved_by.near, moved_by.rest + second.rest)


def normalized(near: Float[Array, "..."], rest: Float[Array, "..."]) -> Position:
    """Return the one form of a sum whose larger number is as near to it as can be."""
    rest = jax.lax.stop_gradient(rest)
    rounded = near + rest
    return Position(rounded, jax.lax.stop_gradient(rest - (rounded - near)))


def opposite(position: Position) -> Position:
    """Return a place as it is on the line turned upside down."""
    return Position(-position.near, -position.rest)


def distance(first: Position, second: Position) -> Float[Array, "..."]:
    """Return how far a place is beyond another one; its sign is exact."""
    return (first.near - second.near) + jax.lax.stop_gradient(first.rest - second.rest)


def choose(condition: Bool[Array, "..."], first: Position, second: Position) -> Position:
    """Return the one place where a condition holds, and the other one elsewhere."""
    return Position(
        jnp.where(condition, first.near, second.near),
        jax.lax.stop_gradient(jnp.where(condition, first.rest, second.rest)),
    )


def at(positions: Position, index: Any) -> Position:
    """Return those of some places that an index stands for."""
    return Position(positions.near[index], positions.rest[index])


def slice_of(positions: Position, first: Int[Array, ""] | int, count: int) -> Position:
    """Return `count` of some places, from `first` on."""
    return Position(*(jax.lax.dynamic_slice(leaf, (first,), (count,)) for leaf in positions))


def set_at(positions: Position, index: Int[Array, ""], position: Position) -> Position:
    """Return places, one of which is another one now."""
    return Position(positions.near.at[index].set(position.near), positions.rest.at[index].set(position.rest))


def clip_to(edges: Position, level: Position) -> Position:
    """Return the lower of edges and a level, where a tie belongs to the level."""
    return choose(distance(edges, level) >= 0, level, edges)
