"""The stack in pure JAX for whole sequences whose actions are known, in space that is linear in the length.

Within a block of steps, and between a block and an earlier one, read weights are a matrix, and reads are matrix
products, as in attention. But a block reads only those earlier blocks of which something is left within a unit or so of
the top. Every block is popped only once, so the number of such pairs grows linearly too, unless a read spans very many
elements.

The backward pass visits the same pairs from the other side: for each block of elements, the later blocks of steps that
read them. So every loop carries the cotangents of one block only.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from neuralstack.memories.strength._blocks import block_size, blocks_of, cut_after, in_blocks, joined, over, product
from neuralstack.memories.strength._position import Position, at, distance, moved
from neuralstack.memories.strength._running import next_of, sums_after
from neuralstack.memories.strength._stack_line import (
    NONE,
    Line,
    ceilings_for_later,
    ceilings_of_earlier,
    last_below,
    line_of,
    sees,
)


def reads(
    push: Float[Array, " steps"],
    pop: Float[Array, " steps"],
    values: Float[Array, "steps width"],
    steps: Int[Array, ""],
) -> Float[Array, "steps width"]:
    """Return every read of a whole sequence; only the first `steps` are defined."""
    length, block = len(push), block_size(len(push))
    push, pop, value_blocks = in_blocks((push, pop, values), block)
    line, numbers = line_of(push, pop), jnp.arange(len(push))

    def read(number):
        ceilings = ceilings_of_earlier(line, number)
        seen = sees(line, number, numbers, ceilings) & (number < blocks_of(steps, block))

        def add(earlier, read):
            weights = weights_of_earlier(line, number, earlier, ceilings[earlier])
            return read + product(weights, value_blocks[earlier])

        return over(seen, add, product(own_weights(line, number), value_blocks[number])).astype(values.dtype)

    return joined(jax.lax.map(read, numbers), length)


def reads_backward(
    push: Float[Array, " steps"],
    pop: Float[Array, " steps"],
    values: Float[Array, "steps width"],
    steps: Int[Array, ""],
    reads_cotangent: Float[Array, "steps width"],
) -> tuple[Float[Array, " steps"], Float[Array, " steps"], Float[Array, "steps width"]]:
    """Return the cotangents of push, pop and values.

    An edge that is read by moves the weight of its element to the one below, or back. The top of the line, which the
    window follows, moves the weight of the newest element to the last one in the window.
    """
    length, block = len(push), block_size(len(push))
    push, pop, values, cotangents = in_blocks((push, pop, values, cut_after(reads_cotangent, steps)), block)
    line, numbers = line_of(push, pop), jnp.arange(len(push))
    below, last = (rows.reshape(values.shape) for rows in rows_below(line, joined(values)))
    differences = (below - values).astype(push.dtype)

    def of_elements(number):
        ceilings = ceilings_for_later(line, number)
        readers = sees(line, numbers, number, ceilings) & (numbers < blocks_of(steps, block))

        def pull(weights, through, cotangent):
            of_values = product(weights.T, cotangent)
            of_edges = product(cotangent.astype(push.dtype), differences[number].T)
            return of_values, jnp.where(through, of_edges, 0).sum(0)

        def add(later, total):
            ceiling = ceilings[later]
            weights = weights_of_earlier(line, later, number, ceiling)
            through = is_edge_of_earlier(line, later, number, ceiling)
            return jax.tree.map(jnp.add, total, pull(weights, through, cotangents[later]))

        return over(readers, add, pull(own_weights(line, number), is_own_edge(line, number), cotangents[number]))

    of_values, of_levels = jax.lax.map(of_elements, numbers)
    of_tops = ((values - last).astype(push.dtype) * cotangents.astype(push.dtype)).sum(-1)
    of_push, of_pop = edges_backward(
        at(line.positions, line.levels).near.ravel(), of_levels.ravel(), of_tops.ravel(), block
    )
    return of_push[:length], of_pop[:length], joined(of_values, length).astype(values.dtype)


def own_weights(line: Line, number: Int[Array, ""]) -> Float[Array, "steps elements"]:
    """Return the weights of a block's own elements in its reads."""
    seen = positions_seen(line, number, line.levels[number])
    lows = jax.lax.cummin(jnp.where(up_to_now(seen), seen, 0), axis=1, reverse=True)
    return lengths(line, number, lows, jnp.zeros_like(lows[:, :1]))


def weights_of_earlier(
    line: Line, number: Int[Array, ""], earlier: Int[Array, ""], ceiling: Int[Array, ""]
) -> Float[Array, "steps elements"]:
    """Return the weights of an earlier block's elements in a block's reads, given the lowest level between them."""
    levels = jnp.minimum(line.lowest_before[number], ceiling)
    end = distance(at(line.positions, levels), at(line.tops, number))[:, None]
    return lengths(line, number, jnp.minimum(positions_seen(line, number, line.lowest_after[earlier]), end), end)


def positions_seen(
    line: Line, number: Int[Array, ""], edges: Int[Array, " elements"]
) -> Float[Array, "steps elements"]:
    """Return the positions of edges relative to the top of the line at each step of a block."""
    return distance(at(at(line.positions, edges), None), at(at(line.tops, number), (slice(None), None)))


def lengths(
    line: Line, number: Int[Array, ""], edges: Float[Array, "steps elements"], end: Float[Array, "steps 1"]
) -> Float[Array, "steps elements"]:
    """Return how much of each element lies in the read windows of a block; each one ends where the next one begins."""
    floor = distance(at(line.floors, number), at(line.tops, number))[:, None]
    return jnp.diff(jnp.maximum(jnp.append(edges, end, axis=1), floor), axis=1)


def is_own_edge(line: Line, number: Int[Array, ""]) -> Bool[Array, "steps elements"]:
    """Return which lower edges of a block's own elements are alive and in the window at each of its steps."""
    levels = line.levels[number][None]
    lows = jax.lax.cummin(jnp.where(up_to_now(levels), levels, NONE), axis=1, reverse=True)
    alive = up_to_now(levels) & (levels < following(lows))
    return alive & (levels >= line.windows[number][:, None])


def is_edge_of_earlier(
    line: Line, number: Int[Array, ""], earlier: Int[Array, ""], ceiling: Int[Array, ""]
) -> Bool[Array, "steps elements"]:
    """Return which lower edges of an earlier block's elements are alive and in the window at each step of a block."""
    levels = line.levels[earlier][None]
    limits = jnp.minimum(line.lowest_before[number], ceiling)[:, None]
    alive = (levels < following(line.lowest_after[earlier][None])) & (levels < limits)
    return alive & (levels >= line.windows[number][:, None])


def up_to_now(edges: Array) -> Bool[Array, "steps elements"]:
    """Return whether each element was pushed at a step or before it, for as many elements as there are columns."""
    steps = jnp.arange(edges.shape[1])
    return steps[:, None] >= steps[None]


def following(levels: Int[Array, "rows elements"]) -> Int[Array, "rows elements"]:
    """Return the next level of each one in its row; above all others after the last."""
    return jnp.append(levels[:, 1:], jnp.full_like(levels[:, :1], NONE), axis=1)


def rows_below(line: Line, values: Float[Array, "steps width"]) -> Float[Array, "kinds steps width"]:
    """Return the value below each step's element, and the value at the bottom of its window; 0 where there is none."""
    rows = last_below(line, jnp.stack([line.levels, line.windows], 1))
    return jnp.append(values, jnp.zeros_like(values[:1]), axis=0)[rows]  # row -1 is the last one


def edges_backward(
    levels: Float[Array, " steps"], of_levels: Float[Array, " steps"], of_tops: Float[Array, " steps"], block: int
) -> tuple[Float[Array, " steps"], Float[Array, " steps"]]:
    """Return the cotangents of push and pop from those of the edges: what a pop empties has no gradient."""
    kept = levels > 0
    of_levels = jnp.where(kept, of_levels, 0)
    terms = moved(Position(of_tops, jnp.zeros_like(of_tops)), next_of(of_levels))
    heights = sums_after(terms, ~next_of(kept), block)
    return heights.near, -jnp.where(kept, moved(heights, of_levels).near, 0)
