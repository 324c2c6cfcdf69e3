"""The queue in pure JAX, for whole sequences and for the unroll: the same six functions as of the stack.

The edges of a queue's elements never move, only its front does. So the read weights of a step follow from the front
alone, and those of a block of steps are one matrix.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Int

from neuralstack.memories._validation import strength_dtype
from neuralstack.memories.strength._blocks import BLOCK, blocks_of, whole_blocks


class Forward(NamedTuple):
    """The elements as they were pushed, oldest first, and the line's two ends."""

    bottoms: Float[Array, " cells"]
    tops: Float[Array, " cells"]
    values: Float[Array, "cells width"]
    front: Float[Array, ""]
    back: Float[Array, ""]


class Backward(NamedTuple):
    """What goes backwards: the actions, all edges and fronts, and the cotangents so far."""

    push: Float[Array, " steps"]
    pop: Float[Array, " steps"]
    fronts: Float[Array, " steps"]
    edges: tuple[Float[Array, " steps"], Float[Array, " steps"]]
    values: Float[Array, "steps width"]
    edges_cotangent: tuple[Float[Array, " steps"], Float[Array, " steps"]]
    values_cotangent: Float[Array, "steps width"]
    ends_cotangent: tuple[Float[Array, ""], Float[Array, ""]]


def advance(
    front: Float[Array, ""], back: Float[Array, ""], push: Float[Array, ""], pop: Float[Array, ""]
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Return both ends after a pop and a push; a pop of exactly all that there is has emptied the queue."""
    return jnp.where(back - front > pop, front + pop, back), back + push


def ends(
    push: Float[Array, " steps"], pop: Float[Array, " steps"]
) -> tuple[Float[Array, " steps"], Float[Array, " steps"], Float[Array, " steps"]]:
    """Return the front after each step, and the two edges of each step's element."""

    def step(line, strengths):
        front, back = advance(*line, *strengths)
        return (front, back), (front, line[1], back)

    start = jnp.zeros((), push.dtype)
    return jax.lax.scan(step, (start, start), (push, pop))[1]


def lengths(bottoms: Float[Array, "..."], tops: Float[Array, "..."], front: Float[Array, "..."]) -> Float[Array, "..."]:
    """Return what is left of each element behind the front; an edge exactly at the front counts as passed."""
    return jnp.where(tops > front, tops - jnp.where(bottoms > front, bottoms, front), 0.0)


def rows(
    bottoms: Float[Array, " steps"],
    tops: Float[Array, " steps"],
    fronts: Float[Array, "{count}"],
    first: Int[Array, ""] | int,
    count: int,
) -> Float[Array, "{count} steps"]:
    """Return the read weights of `count` steps from `first` on: overlaps with the window of length 1 at the front.

    An element is read in the step that pushed it even if its strength is 0: no pop has reached it yet, and more of it
    would be read.
    """
    cells, times = jnp.arange(bottoms.shape[0])[None], (first + jnp.arange(count))[:, None]
    front, end = fronts[:, None], fronts[:, None] + 1
    low = jnp.where(bottoms[None] > front, bottoms[None], front)
    high = jnp.where(tops[None] <= end, tops[None], end)
    inside = ((tops[None] > front) & (cells < times)) | (cells == times)
    return jnp.where(inside & (bottoms[None] <= end), high - low, 0.0)


def reads(
    push: Float[Array, " steps"],
    pop: Float[Array, " steps"],
    values: Float[Array, "steps width"],
    steps: Int[Array, ""],
) -> Float[Array, "steps width"]:
    """Return every read of a whole sequence, `BLOCK` steps at a time; only the first `steps` are defined."""
    push, pop, padded = whole_blocks(push, pop, values)
    fronts, bottoms, tops = ends(push, pop)

    def block(number, reads):
        first = number * BLOCK
        weights = rows(bottoms, tops, jax.lax.dynamic_slice(fronts, (first,), (BLOCK,)), first, BLOCK)
        return jax.lax.dynamic_update_slice_in_dim(reads, weights.astype(values.dtype) @ padded, first, 0)

    return jax.lax.fori_loop(0, blocks_of(steps), block, jnp.zeros_like(padded))[: len(values)]


def reads_backward(
    push: Float[Array, " steps"],
    pop: Float[Array, " steps"],
    values: Float[Array, "steps width"],
    steps: Int[Array, ""],
    reads_cotangent: Float[Array, "steps width"],
) -> tuple[Float[Array, " steps"], Float[Array, " steps"], Float[Array, "steps width"]]:
    """Return the cotangents of push, pop and values; the read weights are computed again."""
    length = len(push)
    push, pop, values, reads_cotangent = whole_blocks(push, pop, values, reads_cotangent)
    (fronts, bottoms, tops), pull_ends = jax.vjp(ends, push, pop)

    def block(number, cotangents):
        first = number * BLOCK

        def forward(fronts, bottoms, tops, values):
            weights = rows(bottoms, tops, jax.lax.dynamic_slice(fronts, (first,), (BLOCK,)), first, BLOCK)
            return weights.astype(values.dtype) @ values

        _, pull = jax.vjp(forward, fronts, bottoms, tops, values)
        more = pull(jax.lax.dynamic_slice_in_dim(reads_cotangent, first, BLOCK, 0))
        return jax.tree.map(jnp.add, cotangents, more)

    start = jax.tree.map(jnp.zeros_like, (fronts, bottoms, tops, values))
    *of_ends, of_values = jax.lax.fori_loop(0, blocks_of(steps), block, start)
    of_push, of_pop = pull_ends(tuple(of_ends))
    return of_push[:length], of_pop[:length], of_values[:length]


def start_forward(steps: int, width: int, dtype: DTypeLike) -> Forward:
    """Return the empty queue."""
    edges = jnp.zeros(steps, strength_dtype(dtype))
    return Forward(edges, edges, jnp.zeros((steps, width), dtype), edges.sum(), edges.sum())


def step_forward(
    carry: Forward, time: Int[Array, ""], push: Float[Array, ""], pop: Float[Array, ""], value: Float[Array, " width"]
) -> tuple[Forward, Float[Array, " width"]]:
    """Take step `time` and read."""
    front, back = advance(carry.front, carry.back, push, pop)
    bottoms, tops = carry.bottoms.at[time].set(carry.back), carry.tops.at[time].set(back)
    values = carry.values.at[time].set(value.astype(carry.values.dtype))
    weights = rows(bottoms, tops, front[None], time, 1)[0]
    return Forward(bottoms, tops, values, front, back), weights.astype(values.dtype) @ values


def start_backward(
    push: Float[Array, " steps"],
    pop: Float[Array, " steps"],
    values: Float[Array, "steps width"],
    steps: Int[Array, ""],
) -> Backward:
    """Return what goes backwards from the end of the first `steps` steps."""
    fronts, *edges = ends(push, pop)
    none, end = (jnp.zeros_like(push), jnp.zeros_like(push)), jnp.zeros((), push.dtype)
    return Backward(push, pop, fronts, (edges[0], edges[1]), values, none, jnp.zeros_like(values), (end, end))


def step_backward(
    carry: Backward, time: Int[Array, ""], read_cotangent: Float[Array, " width"]
) -> tuple[Backward, tuple[Float[Array, ""], Float[Array, ""], Float[Array, " width"]]]:
    """Undo step `time`; return the cotangents of its push, pop and value."""

    def forward(front, edges, values):
        bottoms, tops = edges
        return rows(bottoms, tops, front[None], time, 1)[0].astype(values.dtype) @ values

    _, pull = jax.vjp(forward, carry.fronts[time], carry.edges, carry.values)
    of_front, *more = pull(read_cotangent)
    edges, values = jax.tree.map(jnp.add, (carry.edges_cotangent, carry.values_cotangent), tuple(more))
    front_before = jnp.where(time > 0, carry.fronts[time - 1], 0.0)
    _, pull = jax.vjp(advance, front_before, carry.edges[0][time], carry.push[time], carry.pop[time])
    front, back = carry.ends_cotangent
    front, back, push, pop = pull((front + of_front, back + edges[1][time]))
    line = front, back + edges[0][time]
    carry = carry._replace(edges_cotangent=edges, values_cotangent=values, ends_cotangent=line)
    return carry, (push, pop, values[time])
