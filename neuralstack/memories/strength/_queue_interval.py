"""The queue in pure JAX, step by step: the same four functions as for the stack.

The edges of a queue's elements never move, only its front does. So the read weights of a step depend on the front
alone.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike
from jaxtyping import Array, Bool, Float, Int

from neuralstack.memories._validation import strength_dtype
from neuralstack.memories.strength._interval import nan_if_nonfinite, nan_where, start_like
from neuralstack.memories.strength._position import (
    Position,
    added,
    at,
    choose,
    distance,
    moved,
    put,
    put_position,
    start,
)


class Forward(NamedTuple):
    """The edges of the elements as they were pushed, oldest first, the values, and the line's two ends."""

    edges: Position
    values: Float[Array, "cells width"]
    front: Position
    back: Position


class Backward(NamedTuple):
    """State of the backward pass: the front after every step, all edges, and the cotangents so far."""

    fronts: Position
    edges: Position
    values: Float[Array, "steps width"]
    edges_cotangent: Float[Array, " edges"]
    values_cotangent: Float[Array, "steps width"]
    ends_cotangent: tuple[Position, Position]


def advance(
    front: Position, back: Position, push: Float[Array, ""], pop: Float[Array, ""]
) -> tuple[Position, Position]:
    """Return both ends after a pop and a push; a pop of exactly what is left empties the queue."""
    return choose(distance(back, front) <= pop, back, moved(front, pop)), moved(back, push)


def ends(push: Float[Array, " steps"], pop: Float[Array, " steps"]) -> tuple[Position, Position]:
    """Return the front after each step, and the edges of the elements: the start of the line and every back.

    They are written into buffers for the reason given in `heights`.
    """

    def step(time, carry):
        front, back, fronts, edges = carry
        front, back = advance(front, back, push[time], pop[time])
        return front, back, put_position(fronts, time, front), put_position(edges, time + 1, back)

    first, fronts, edges = start_like(push), start_like(push, push.shape), start_like(push, (len(push) + 1,))
    return jax.lax.fori_loop(0, len(push), step, (first, first, fronts, edges))[2:]


def undo_ends(
    line: tuple[Position, Position],
    emptied: Bool[Array, ""],
    front_cotangent: Float[Array, ""],
    back_cotangent: Float[Array, ""],
) -> tuple[Float[Array, ""], Float[Array, ""], tuple[Position, Position]]:
    """Return the cotangents of a step's push and pop, and of both ends before it, from those of the ends after it."""
    front, back = moved(line[0], front_cotangent), moved(line[1], back_cotangent)
    none = jax.tree.map(jnp.zeros_like, front)
    popped = choose(emptied, none, front)
    return back.near, popped.near, (popped, added(back, choose(emptied, front, none)))


def below_and_above(edges: Position) -> tuple[Position, Position]:
    """Return the lower and the upper edge of each element."""
    return at(edges, slice(None, -1)), at(edges, slice(1, None))


def lengths(edges: Position, front: Position) -> Float[Array, " cells"]:
    """Return the length of each element behind the front; an edge exactly at the front counts as passed."""
    bottoms, tops = below_and_above(edges)
    front = at(front, None)
    low = choose(distance(bottoms, front) > 0, bottoms, front)
    return jnp.where(distance(tops, front) > 0, distance(tops, low), 0.0)


def rows(
    bottoms: Position, tops: Position, fronts: Position, first: Int[Array, ""] | int, count: int
) -> Float[Array, "{count} steps"]:
    """Return the read weights of `count` steps from `first` on: overlaps with the window of length 1 at the front.

    An element is read in the step that pushed it even if its strength is 0: no pop has reached it yet, and more of it
    would be read.
    """
    ages = (first + jnp.arange(count))[:, None] - jnp.arange(tops.near.shape[0])[None]
    front = at(fronts, (slice(None), None))
    end = jax.lax.stop_gradient(distance(moved(front, 1.0), front))  # 1, rounded like an edge at that position
    low, high = distance(at(bottoms, None), front), distance(at(tops, None), front)
    left = jnp.where(high > 0, ages >= 0, ages == 0)
    weights = jnp.where(high <= end, high, end) - jnp.where(low > 0, low, 0.0)
    return jnp.where(left & (low <= end), weights, 0.0)


def start_forward(steps: int, width: int, dtype: DTypeLike) -> Forward:
    """Return the empty queue."""
    strength = strength_dtype(dtype)
    front, back = start((), strength), start((), strength)
    return Forward(start((steps + 1,), strength), jnp.zeros((steps, width), dtype), front, back)


def step_forward(
    carry: Forward, time: Int[Array, ""], push: Float[Array, ""], pop: Float[Array, ""], value: Float[Array, " width"]
) -> tuple[Forward, Float[Array, " width"]]:
    """Take step `time` and read."""
    front, back = advance(carry.front, carry.back, push, pop)
    back = nan_if_nonfinite(back, push, pop, value)
    edges = put_position(carry.edges, time + 1, back)
    values = put(carry.values, time, value)
    weights = rows(*below_and_above(edges), at(front, None), time, 1)[0]
    return Forward(edges, values, front, back), nan_where(back, weights.astype(values.dtype) @ values)


def start_backward(
    push: Float[Array, " steps"],
    pop: Float[Array, " steps"],
    values: Float[Array, "steps width"],
    steps: Int[Array, ""],
) -> Backward:
    """Return the state of the backward pass at the end of the first `steps` steps."""
    fronts, edges = ends(push, pop)
    line = start_like(push), start_like(push)
    return Backward(fronts, edges, values, jnp.zeros_like(edges.near), jnp.zeros_like(values), line)


def step_backward(
    carry: Backward, time: Int[Array, ""], read_cotangent: Float[Array, " width"]
) -> tuple[Backward, tuple[Float[Array, ""], Float[Array, ""], Float[Array, " width"]]]:
    """Undo step `time`; return the cotangents of its push, pop and value."""
    front_at_time, edges = at(carry.fronts, time), carry.edges

    def forward(front, edge, values):
        weights = rows(
            *below_and_above(Position(edge, edges.rest)), at(Position(front, front_at_time.rest), None), time, 1
        )[0]
        return weights.astype(values.dtype) @ values

    _, read_vjp = jax.vjp(forward, front_at_time.near, edges.near, carry.values)
    of_front, *contributions = read_vjp(read_cotangent)
    of_edges, of_values = jax.tree.map(jnp.add, (carry.edges_cotangent, carry.values_cotangent), tuple(contributions))
    emptied = distance(at(edges, time), front_at_time) <= 0
    push, pop, ends_cotangent = undo_ends(carry.ends_cotangent, emptied, of_front, of_edges[time + 1])
    carry = carry._replace(edges_cotangent=of_edges, values_cotangent=of_values, ends_cotangent=ends_cotangent)
    return carry, (push, pop, of_values[time])
