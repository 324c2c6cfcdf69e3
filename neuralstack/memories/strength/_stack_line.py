"""The line of a stack over a whole sequence, in blocks of steps: its edges, and which elements each step sees.

An element is alive as long as no later level is as low as its own. So the elements that are alive at a step are those
whose levels are below all later ones, and the element below one is the last earlier one with a lower level. Nothing
else needs to be known of the order in which they come and go.

Levels are compared by their ranks, integers in the order of the positions, so that ties are exact.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from neuralstack.memories.strength._blocks import in_blocks
from neuralstack.memories.strength._position import Position, moved
from neuralstack.memories.strength._running import running, stack_edges

NONE = jnp.iinfo(jnp.int32).max  # the rank of a level above all others


class Line(NamedTuple):
    """The edges of all steps, in blocks."""

    positions: Position
    """Positions by rank."""
    tops: Position
    """The height after each push."""
    floors: Position
    """The bottom of each read window."""
    levels: Int[Array, "blocks steps"]
    """The rank of the height after each pop: the lower edge of the step's element."""
    windows: Int[Array, "blocks steps"]
    """The rank of each floor."""
    lowest_before: Int[Array, "blocks steps"]
    """The rank of the lowest level up to each step, in its block."""
    lowest_after: Int[Array, "blocks steps"]
    """The rank of the lowest level from each step on, in its block."""

    @property
    def lowest(self) -> Int[Array, " blocks"]:
        """The rank of the lowest level of each block."""
        return self.lowest_after[:, 0]


def line_of(push: Float[Array, "blocks steps"], pop: Float[Array, "blocks steps"]) -> Line:
    """Return the line of a sequence."""
    block = push.shape[1]
    levels, tops = stack_edges(push.ravel(), pop.ravel(), block)
    floors = moved(tops, -1.0)
    positions, ranks = ranked(jax.tree.map(lambda *edges: jnp.concatenate(edges), levels, floors), block)
    levels, windows = (ranks.reshape(2, -1, block)[part] for part in range(2))
    before, after = (jax.lax.cummin(levels, axis=1, reverse=reverse) for reverse in (False, True))
    return Line(positions, in_blocks(tops, block), in_blocks(floors, block), levels, windows, before, after)


def ranked(edges: Position, block: int) -> tuple[Position, Int[Array, " edges"]]:
    """Return edges in their order, and the rank of each one: equal edges have equal ranks."""
    numbers = jnp.arange(len(edges.near), dtype=jnp.int32)
    near, rest, order = jax.lax.sort((edges.near, edges.rest, numbers), num_keys=2)
    is_new = jnp.pad((near[1:] != near[:-1]) | (rest[1:] != rest[:-1]), (1, 0))
    ranks = running(jnp.maximum, jnp.where(is_new, numbers, 0), block)
    return Position(near, rest), jnp.zeros_like(ranks).at[order].set(ranks)


def ceilings_of_earlier(line: Line, number: Int[Array, ""]) -> Int[Array, " blocks"]:
    """Return the rank of the lowest level between each earlier block and this one."""
    blocks = jnp.arange(len(line.levels))
    between = jnp.where(blocks < number, line.lowest, NONE)
    return jnp.append(jax.lax.cummin(between, reverse=True)[1:], jnp.full_like(between[:1], NONE))


def ceilings_for_later(line: Line, number: Int[Array, ""]) -> Int[Array, " blocks"]:
    """Return the rank of the lowest level between this block and each later one."""
    blocks = jnp.arange(len(line.levels))
    between = jnp.where(blocks > number, line.lowest, NONE)
    return jnp.append(jnp.full_like(between[:1], NONE), jax.lax.cummin(between)[:-1])


def sees(
    line: Line, later: Int[Array, "..."], earlier: Int[Array, "..."], ceiling: Int[Array, " blocks"]
) -> Bool[Array, " blocks"]:
    """Return whether a block of steps reads elements of an earlier block, given the lowest level between them."""
    lowest_window = line.windows.min(1)[later]
    return (earlier < later) & (line.lowest[earlier] < ceiling) & (ceiling >= lowest_window)


def last_below(line: Line, thresholds: Int[Array, "blocks kinds steps"]) -> Int[Array, "kinds all_steps"]:
    """Return the number of the last earlier step whose level is below each step's threshold, or -1."""
    count, block = line.levels.shape
    steps, blocks = jnp.arange(block), jnp.arange(count)

    def last(found, numbers):
        return jnp.where(found, numbers, -1).max(-1)

    def search(number):
        limits = thresholds[number][..., None]
        earlier = steps[None] < steps[:, None]
        here = last(earlier[None] & (line.levels[number][None, None] < limits), steps[None, None])
        there = last((blocks < number)[None, None] & (line.lowest[None, None] < limits), blocks[None, None])
        step = last(line.levels[there] < limits, steps[None, None])
        return jnp.where(here >= 0, number * block + here, jnp.where(there >= 0, there * block + step, -1))

    return jnp.moveaxis(jax.lax.map(search, blocks), 1, 0).reshape(thresholds.shape[1], -1)
