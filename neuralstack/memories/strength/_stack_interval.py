"""The stack in pure JAX, for whole sequences and for the unroll: six functions of one sequence.

When no read goes back to the controller, the actions do not wait for the memory. The read weights of a block of steps
are then one matrix and its reads one matrix product, as in attention, and only one block is held at a time.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Int

from neuralstack.memories._validation import strength_dtype
from neuralstack.memories.strength._blocks import BLOCK, blocks_of, whole_blocks
from neuralstack.memories.strength._interval import clip_to, heights, lows_before, overlap, pop_height, read_rows


class Forward(NamedTuple):
    """The elements as intervals on a line, oldest first, and the height of the stack."""

    bottoms: Float[Array, " cells"]
    tops: Float[Array, " cells"]
    values: Float[Array, "cells width"]
    height: Float[Array, ""]


class Backward(NamedTuple):
    """What goes backwards: the intervals as they were pushed, their values, and the cotangents so far."""

    bottoms: Float[Array, " steps"]
    tops: Float[Array, " steps"]
    values: Float[Array, "steps width"]
    bottoms_cotangent: Float[Array, " steps"]
    tops_cotangent: Float[Array, " steps"]
    values_cotangent: Float[Array, "steps width"]
    lows_cotangent: Float[Array, " steps"]
    height_cotangent: Float[Array, ""]


def reads(
    push: Float[Array, " steps"],
    pop: Float[Array, " steps"],
    values: Float[Array, "steps width"],
    steps: Int[Array, ""],
) -> Float[Array, "steps width"]:
    """Return every read of a whole sequence, `BLOCK` steps at a time; only the first `steps` are defined."""
    push, pop, padded = whole_blocks(push, pop, values)
    bottoms, tops = heights(push, pop)

    def block(number, carry):
        lows, reads = carry
        first = number * BLOCK
        weights, lows = read_rows(bottoms, tops, lows, first, BLOCK)
        read = weights.astype(values.dtype) @ padded
        return lows, jax.lax.dynamic_update_slice_in_dim(reads, read, first, 0)

    start = jnp.full_like(push, jnp.inf), jnp.zeros_like(padded)
    return jax.lax.fori_loop(0, blocks_of(steps), block, start)[1][: len(values)]


def reads_backward(
    push: Float[Array, " steps"],
    pop: Float[Array, " steps"],
    values: Float[Array, "steps width"],
    steps: Int[Array, ""],
    reads_cotangent: Float[Array, "steps width"],
) -> tuple[Float[Array, " steps"], Float[Array, " steps"], Float[Array, "steps width"]]:
    """Return the cotangents of push, pop and values.

    The read weights are computed again, so that nothing quadratic in the length is ever kept.
    """
    length, blocks = len(push), blocks_of(steps)
    push, pop, values, reads_cotangent = whole_blocks(push, pop, values, reads_cotangent)
    (bottoms, tops), pull_heights = jax.vjp(heights, push, pop)

    def block(reverse_number, carry):
        cotangents, lows_cotangent = carry
        first = (blocks - 1 - reverse_number) * BLOCK
        read_cotangents = jax.lax.dynamic_slice_in_dim(reads_cotangent, first, BLOCK, 0)

        def forward(bottoms, tops, values, lows):
            weights, lows = read_rows(bottoms, tops, lows, first, BLOCK)
            return weights.astype(values.dtype) @ values, lows

        _, pull = jax.vjp(forward, bottoms, tops, values, lows_before(bottoms, first))
        *more, lows_cotangent = pull((read_cotangents, lows_cotangent))
        return jax.tree.map(jnp.add, cotangents, tuple(more)), lows_cotangent

    start = jax.tree.map(jnp.zeros_like, (bottoms, tops, values)), jnp.zeros_like(push)
    (bottoms_cotangent, tops_cotangent, values_cotangent), _ = jax.lax.fori_loop(0, blocks, block, start)
    push_cotangent, pop_cotangent = pull_heights((bottoms_cotangent, tops_cotangent))
    return push_cotangent[:length], pop_cotangent[:length], values_cotangent[:length]


def start_forward(steps: int, width: int, dtype: DTypeLike) -> Forward:
    """Return the empty stack."""
    edges = jnp.zeros(steps, strength_dtype(dtype))
    return Forward(edges, edges, jnp.zeros((steps, width), dtype), edges.sum())


def step_forward(
    carry: Forward, time: Int[Array, ""], push: Float[Array, ""], pop: Float[Array, ""], value: Float[Array, " width"]
) -> tuple[Forward, Float[Array, " width"]]:
    """Take step `time` and read."""
    level = pop_height(carry.height, pop)
    height = level + push
    bottoms = clip_to(carry.bottoms, level).at[time].set(level)
    tops = clip_to(carry.tops, level).at[time].set(height)
    values = carry.values.at[time].set(value.astype(carry.values.dtype))
    weights = overlap(bottoms, tops, height - 1)
    return Forward(bottoms, tops, values, height), weights.astype(values.dtype) @ values


def start_backward(
    push: Float[Array, " steps"],
    pop: Float[Array, " steps"],
    values: Float[Array, "steps width"],
    steps: Int[Array, ""],
) -> Backward:
    """Return what goes backwards from the end of the first `steps` steps."""
    bottoms, tops = heights(push, pop)
    edge, height = jnp.zeros_like(push), jnp.zeros((), push.dtype)
    return Backward(bottoms, tops, values, edge, edge, jnp.zeros_like(values), edge, height)


def step_backward(
    carry: Backward, time: Int[Array, ""], read_cotangent: Float[Array, " width"]
) -> tuple[Backward, tuple[Float[Array, ""], Float[Array, ""], Float[Array, " width"]]]:
    """Undo step `time`; return the cotangents of its push, pop and value."""

    def forward(bottoms, tops, values, lows):
        weights, lows = read_rows(bottoms, tops, lows, time, 1)
        return weights[0].astype(values.dtype) @ values, lows

    lows = lows_before(carry.bottoms, time)
    _, pull = jax.vjp(forward, carry.bottoms, carry.tops, carry.values, lows)
    bottoms, tops, values, lows_cotangent = pull((read_cotangent, carry.lows_cotangent))
    bottoms, tops = carry.bottoms_cotangent + bottoms, carry.tops_cotangent + tops
    values = carry.values_cotangent + values
    push = carry.height_cotangent + tops[time]
    level = jnp.where(carry.bottoms[time] > 0, push + bottoms[time], 0.0)
    carry = Backward(carry.bottoms, carry.tops, carry.values, bottoms, tops, values, lows_cotangent, level)
    return carry, (push, -level, values[time])
