"""The arithmetic of the strength memories: elements are intervals on a line, end to end.

A pop clips the line, a push extends it, and a read is its overlap with a window of length 1 (the memories of
Grefenstette et al., 2015, without their sums over all elements). There are no gaps between elements, so the upper edge
of one is the lower edge of the next.

Single steps. The anchor of an element is the position where it was pushed. It never moves, and it is stored with twice
the digits (`_position`). The edges of the element are stored relative to its anchor, as numbers of at most 1: a single
float is exact enough for these. A pop changes only them, in place. All that a pop or a read needs to know of an element
is the distance of an end of the line from its anchor. Such distances are always computed in the same way, so that equal
positions are at equal distances, and ties are exact.

Ties. An edge exactly at the level of a clip counts as clipped, an edge exactly at the bottom of the window counts as
inside, and a pop of exactly the strength that is left empties the memory. Each choice gives the one-sided derivative
towards a larger pop; `jnp.minimum` would give the mean of both sides.

Non-finite numbers. A step whose strengths or value contain a NaN or an infinity makes the end of the line NaN for good,
so every read from that step on is NaN. Whole sequences are cut before such a step (see `_finite_vjp.py`).
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from neuralstack.memories.strength._position import (
    Position,
    choose,
    distance,
    moved,
    put_position,
    start,
)


def nan_if_nonfinite(
    end: Position, push: Float[Array, "*steps"], pop: Float[Array, "*steps"], value: Float[Array, "*steps width"]
) -> Position:
    """Return an end of the line, or NaN where a strength or the value of the step that moved it is not finite."""
    finite = jnp.isfinite(push) & jnp.isfinite(pop) & jnp.isfinite(value).all(-1)
    return end._replace(near=jnp.where(finite, end.near, jnp.full_like(end.near, jnp.nan)))


def nan_where(end: Position, numbers: Float[Array, "..."]) -> Float[Array, "..."]:
    """Return the numbers, or NaN where the end of the line is NaN; it has the same leading axes."""
    broken = jnp.isnan(end.near).reshape(end.near.shape + (1,) * (numbers.ndim - end.near.ndim))
    return jnp.where(broken, jnp.full_like(numbers, jnp.nan), numbers)


def pop_height(height: Position, pop: Float[Array, "..."]) -> Position:
    """Return `max(0, height - pop)`, with a gradient of 0 for a memory that is emptied exactly."""
    left = (height.near - pop) + height.rest
    return choose(left <= 0, start(height.near.shape, height.near.dtype), moved(height, -pop))


def lower(edges: Float[Array, "..."], level: Float[Array, "..."]) -> Float[Array, "..."]:
    """Return the lower of edges and a level, where a tie belongs to the level."""
    return jnp.where(edges >= level, level, edges)


def overlap(bottoms: Float[Array, "..."], tops: Float[Array, "..."], floor: Float[Array, "..."]) -> Float[Array, "..."]:
    """Return how much of each element lies above a floor."""
    return jnp.where(tops >= floor, tops - jnp.where(bottoms >= floor, bottoms, floor), 0.0)


def seen_from_top(edges: Position, top: Position) -> Float[Array, "..."]:
    """Return the positions of edges relative to the top of the line, clipped to the bottom of the read window."""
    floor = jax.lax.stop_gradient(distance(moved(top, -1.0), top))  # -1, rounded like an edge at that position
    seen = distance(edges, top)
    return jnp.where(seen >= floor, seen, floor)


def heights(push: Float[Array, " steps"], pop: Float[Array, " steps"]) -> tuple[Position, Position]:
    """Return the height of the stack after each step's pop, and after its push.

    They are written into buffers. The outputs of a scan would be laid out with the steps outermost under `jax.vmap`, so
    that everything that goes over the elements of one sequence would be several times slower.
    """

    def step(time, carry):
        height, levels, tops = carry
        level = pop_height(height, pop[time])
        height = moved(level, push[time])
        return height, put_position(levels, time, level), put_position(tops, time, height)

    levels, tops = start_like(push, push.shape), start_like(push, push.shape)
    return jax.lax.fori_loop(0, len(push), step, (start_like(push), levels, tops))[1:]


def undo_heights(
    height: Position, level: Float[Array, ""], level_cotangent: Float[Array, ""], top_cotangent: Float[Array, ""]
) -> tuple[Float[Array, ""], Float[Array, ""], Position]:
    """Return the cotangents of a step's push and pop, and of the height before it, from that of the height after it."""
    pushed = moved(height, top_cotangent)
    popped = choose(level > 0, moved(pushed, level_cotangent), start((), level.dtype))
    return pushed.near, -popped.near, popped


def start_like(strengths: Float[Array, " steps"], shape: tuple[int, ...] = ()) -> Position:
    """Return the start of the line of one sequence's strengths."""
    return Position(jnp.zeros_like(strengths, shape=shape), jnp.zeros_like(strengths, shape=shape))
