"""The stack in pure JAX, step by step: the four functions of the unroll."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Int

from neuralstack.memories._validation import strength_dtype
from neuralstack.memories.strength._interval import (
    heights,
    lower,
    nan_if_nonfinite,
    nan_where,
    overlap,
    pop_height,
    start_like,
    undo_heights,
)
from neuralstack.memories.strength._position import (
    Position,
    at,
    distance,
    moved,
    put,
    put_position,
    start,
)


class Forward(NamedTuple):
    """The anchors of the elements, oldest first; what is left above each of them; the values; and the height."""

    anchors: Position
    left: Float[Array, " cells"]
    values: Float[Array, "cells width"]
    height: Position


class Backward(NamedTuple):
    """State of the backward pass: the heights after every pop and push, the values, and the cotangents so far."""

    levels: Position
    tops: Position
    values: Float[Array, "steps width"]
    edges_cotangent: Float[Array, " steps"]
    values_cotangent: Float[Array, "steps width"]
    height_cotangent: Position


def start_forward(steps: int, width: int, dtype: DTypeLike) -> Forward:
    """Return the empty stack."""
    strength = strength_dtype(dtype)
    left, values = jnp.zeros(steps, strength), jnp.zeros((steps, width), dtype)
    return Forward(start((steps,), strength), left, values, start((), strength))


def step_forward(
    carry: Forward, time: Int[Array, ""], push: Float[Array, ""], pop: Float[Array, ""], value: Float[Array, " width"]
) -> tuple[Forward, Float[Array, " width"]]:
    """Take step `time` and read."""
    level = pop_height(carry.height, pop)
    height = nan_if_nonfinite(moved(level, push), push, pop, value)
    anchors = put_position(carry.anchors, time, level)
    left = put(cut(carry.left, distance(at(level, None), anchors)), time, distance(height, level))
    values = put(carry.values, time, value)
    weights = overlap(jnp.zeros_like(left), left, distance(at(moved(height, -1.0), None), anchors))
    return Forward(anchors, left, values, height), nan_where(height, weights.astype(values.dtype) @ values)


def cut(left: Float[Array, "..."], level: Float[Array, "..."]) -> Float[Array, "..."]:
    """Return what is left of elements below a level, given as its distance above each anchor."""
    return jnp.where(level > 0, lower(left, level), 0.0)


def start_backward(
    push: Float[Array, " steps"],
    pop: Float[Array, " steps"],
    values: Float[Array, "steps width"],
    steps: Int[Array, ""],
) -> Backward:
    """Return the state of the backward pass at the end of the first `steps` steps."""
    levels, tops = heights(push, pop)
    return Backward(levels, tops, values, jnp.zeros_like(push), jnp.zeros_like(values), start_like(push))


def step_backward(
    carry: Backward, time: Int[Array, ""], read_cotangent: Float[Array, " width"]
) -> tuple[Backward, tuple[Float[Array, ""], Float[Array, ""], Float[Array, " width"]]]:
    """Undo step `time`; return the cotangents of its push, pop and value.

    Everything that matters lies within a unit or two of the top. Relative to the top, single numbers are exact enough.
    """
    cells = jnp.arange(len(carry.levels.near))
    seen = distance(carry.levels, at(at(carry.tops, time), None))
    before = jax.lax.cummin(jnp.where(cells < time, seen, jnp.inf), reverse=True)

    def forward(edges, level, top, values):
        edges = jnp.where((cells <= time) & (edges >= level[None]), level[None], edges)
        above = jnp.where(cells < time, jnp.pad(edges[1:], (0, 1)), top[None])
        floor = top[None] - 1
        weights = jnp.where(above >= floor, above - jnp.where(edges >= floor, edges, floor), 0.0)
        return jnp.where(cells <= time, weights, 0.0).astype(values.dtype) @ values, edges

    _, read_vjp = jax.vjp(forward, before, seen[time], jnp.zeros_like(seen[time]), carry.values)
    edges, level, top, values = read_vjp((read_cotangent, carry.edges_cotangent))
    values = carry.values_cotangent + values
    push, pop, height = undo_heights(carry.height_cotangent, carry.levels.near[time], level, top)
    return Backward(*carry[:3], edges, values, height), (push, pop, values[time])
