"""The stack in pure JAX, for whole sequences and for the unroll: six functions of one sequence.

If the controller does not see the reads, the actions do not depend on the memory. The read weights of a block of steps
are then one matrix and its reads one matrix product, as in attention, and only one block is stored at a time.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Int

from neuralstack.memories._validation import strength_dtype
from neuralstack.memories.strength._blocks import BLOCK, blocks_of, whole_blocks
from neuralstack.memories.strength._interval import (
    heights,
    heights_backward,
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
    choose,
    clip_to,
    distance,
    moved,
    put,
    put_position,
    slice_of,
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


def reads(
    push: Float[Array, " steps"],
    pop: Float[Array, " steps"],
    values: Float[Array, "steps width"],
    steps: Int[Array, ""],
) -> Float[Array, "steps width"]:
    """Return every read of a whole sequence, `BLOCK` steps at a time; only the first `steps` are defined."""
    push, pop, padded = whole_blocks(push, pop, values)
    levels, tops = heights(push, pop)

    def block(number, carry):
        left, reads = carry
        first = number * BLOCK
        weights, left = rows(levels, tops, left, first, BLOCK)
        read = weights.astype(values.dtype) @ padded
        return left, jax.lax.dynamic_update_slice_in_dim(reads, read, first, 0)

    empty = jnp.zeros_like(push), jnp.zeros_like(padded)
    return jax.lax.fori_loop(0, blocks_of(steps), block, empty)[1][: len(values)]


def reads_backward(
    push: Float[Array, " steps"],
    pop: Float[Array, " steps"],
    values: Float[Array, "steps width"],
    steps: Int[Array, ""],
    reads_cotangent: Float[Array, "steps width"],
) -> tuple[Float[Array, " steps"], Float[Array, " steps"], Float[Array, "steps width"]]:
    """Return the cotangents of push, pop and values.

    The read weights are recomputed, so nothing quadratic in the length is ever stored.
    """
    length, blocks = len(push), blocks_of(steps)
    push, pop, values, reads_cotangent = whole_blocks(push, pop, values, reads_cotangent)
    levels, tops = heights(push, pop)
    left_in_own, lowest = ends_of_blocks(levels, tops)

    def block(reverse_number, carry):
        cotangents, left_cotangent = carry
        number = blocks - 1 - reverse_number
        first = number * BLOCK
        read_cotangents = jax.lax.dynamic_slice_in_dim(reads_cotangent, first, BLOCK, 0)

        def forward(level, top, values, left):
            weights, left = rows(Position(level, levels.rest), Position(top, tops.rest), left, first, BLOCK)
            return weights.astype(values.dtype) @ values, left

        left = left_before(levels, left_in_own, lowest, number)
        _, read_vjp = jax.vjp(forward, levels.near, tops.near, values, left)
        *contributions, left_cotangent = read_vjp((read_cotangents, left_cotangent))
        return jax.tree.map(jnp.add, cotangents, tuple(contributions)), left_cotangent

    zeros = jax.tree.map(jnp.zeros_like, (levels.near, tops.near, values)), jnp.zeros_like(push)
    (of_levels, of_tops, of_values), _ = jax.lax.fori_loop(0, blocks, block, zeros)
    of_push, of_pop = heights_backward(levels, of_levels, of_tops)
    return of_push[:length], of_pop[:length], of_values[:length]


def rows(
    levels: Position, tops: Position, left: Float[Array, " steps"], first: Int[Array, ""] | int, count: int
) -> tuple[Float[Array, "{count} steps"], Float[Array, " steps"]]:
    """Return the read weights of `count` steps from `first` on, and what is left of the elements after them.

    Row t holds the weight of each element in the read of step t. `levels` and `tops` are the heights after every step's
    pop and push: the anchors of all elements, and their ends when they were pushed.
    """
    cells, pushed = jnp.arange(left.shape[0]), distance(tops, levels)
    level, top = (at(slice_of(edges, first, count), (slice(None), None)) for edges in (levels, tops))
    anchors = at(levels, None)

    def step(left, inputs):
        time, level = inputs
        left = jnp.where(cells == time, pushed, cut(left, level))
        return left, left

    left, rows = jax.lax.scan(step, left, (first + jnp.arange(count), distance(level, anchors)))
    return overlap(jnp.zeros_like(rows), rows, distance(moved(top, -1.0), anchors)), left


def ends_of_blocks(levels: Position, tops: Position) -> tuple[Float[Array, " steps"], Position]:
    """Return what is left of each element at the end of its own block, and the lowest level in each block."""
    levels, tops = (jax.tree.map(lambda leaf: leaf.reshape(-1, BLOCK), edges) for edges in (levels, tops))
    lowest = jax.lax.associative_scan(clip_to, levels, reverse=True, axis=1)
    left = cut(distance(tops, levels), distance(following(lowest), levels))
    return left.ravel(), at(lowest, (slice(None), 0))


def left_before(
    anchors: Position, left: Float[Array, " steps"], lowest: Position, number: Int[Array, ""]
) -> Float[Array, " steps"]:
    """Return what is left of each element just before a block, given the results of `ends_of_blocks`."""
    blocks = jnp.arange(lowest.near.shape[0])
    before = choose(blocks < number, lowest, Position(jnp.full_like(lowest.near, jnp.inf), jnp.zeros_like(lowest.rest)))
    later = following(jax.lax.associative_scan(clip_to, before, reverse=True))
    level = jax.tree.map(lambda leaf: jnp.repeat(leaf, BLOCK), later)
    return jnp.where(jnp.repeat(blocks, BLOCK) < number, cut(left, distance(level, anchors)), 0.0)


def following(levels: Position) -> Position:
    """Return the next one of each level along the last axis; infinity after the last."""
    none = [(0, 0)] * (levels.near.ndim - 1) + [(0, 1)]
    return Position(jnp.pad(levels.near[..., 1:], none, constant_values=jnp.inf), jnp.pad(levels.rest[..., 1:], none))


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
