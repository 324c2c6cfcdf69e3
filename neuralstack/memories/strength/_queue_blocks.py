"""The queue in pure JAX for whole sequences whose actions are known, in space that is linear in the length.

The edges of a queue's elements never move, only its front does. So the read weights of a block of steps and a block of
elements are a matrix, and only those blocks of elements matter that the read windows of the steps pass over. The
backward pass visits the same pairs from the side of the elements, as for the stack.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from neuralstack.memories.strength._blocks import (
    block_at,
    block_size,
    blocks_of,
    cut_after,
    in_blocks,
    joined,
    over,
    product,
)
from neuralstack.memories.strength._position import Position, at, choose, distance, moved
from neuralstack.memories.strength._queue_interval import rows
from neuralstack.memories.strength._running import after_first, next_of, queue_edges, sums_after


class Line(NamedTuple):
    """The front after each step, and both edges of each step's element, in blocks."""

    fronts: Position
    bottoms: Position
    tops: Position


def line_of(push: Float[Array, "blocks steps"], pop: Float[Array, "blocks steps"]) -> Line:
    """Return the line of a sequence."""
    fronts, backs = queue_edges(push.ravel(), pop.ravel(), push.shape[1])
    return in_blocks(Line(fronts, after_first(backs), backs), push.shape[1])


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
        def add(earlier, read):
            return read + product(weights(line, number, earlier), value_blocks[earlier])

        seen = sees(line, number, numbers) & (number < blocks_of(steps, block))
        return over(seen, add, jnp.zeros_like(value_blocks[0], push.dtype)).astype(values.dtype)

    return joined(jax.lax.map(read, numbers), length)


def reads_backward(
    push: Float[Array, " steps"],
    pop: Float[Array, " steps"],
    values: Float[Array, "steps width"],
    steps: Int[Array, ""],
    reads_cotangent: Float[Array, "steps width"],
) -> tuple[Float[Array, " steps"], Float[Array, " steps"], Float[Array, "steps width"]]:
    """Return the cotangents of push, pop and values.

    The front moves the weight of the first element in the window to the one at its end.
    """
    length, block = len(push), block_size(len(push))
    push, pop, values, cotangents = in_blocks((push, pop, values, cut_after(reads_cotangent, steps)), block)
    line, numbers = line_of(push, pop), jnp.arange(len(push))

    def of_elements(number):
        edges = block_at((line.bottoms, line.tops), number)

        def add(later, total):
            def weigh(bottoms, tops):
                below, above = Position(bottoms, edges[0].rest), Position(tops, edges[1].rest)
                return rows(below, above, block_at(line.fronts, later), (later - number) * block, block)

            of_reads = cotangents[later]
            weights, pull = jax.vjp(weigh, edges[0].near, edges[1].near)
            of_edges = pull(product(of_reads.astype(push.dtype), values[number].T.astype(push.dtype)))
            return jax.tree.map(jnp.add, total, (product(weights.T, of_reads), *of_edges))

        readers = sees(line, numbers, number) & (numbers < blocks_of(steps, block))
        zeros = jnp.zeros_like(values[0], push.dtype), jnp.zeros_like(push[0]), jnp.zeros_like(push[0])
        return over(readers, add, zeros)

    of_values, of_bottoms, of_tops = joined(jax.lax.map(of_elements, numbers))
    of_backs = of_tops + next_of(of_bottoms)
    first, last = rows_at_ends(line, joined(values))
    of_reads = joined(cotangents).astype(push.dtype)
    of_fronts = ((last - first).astype(push.dtype) * of_reads).sum(-1)
    of_push, of_pop = ends_backward(joined(line), of_fronts, of_backs, block)
    return of_push[:length], of_pop[:length], of_values[:length].astype(values.dtype)


def weights(line: Line, number: Int[Array, ""], earlier: Int[Array, ""]) -> Float[Array, "steps elements"]:
    """Return the weights of a block's elements in the reads of a block of steps."""
    block = line.fronts.near.shape[1]
    below, above = block_at(line.bottoms, earlier), block_at(line.tops, earlier)
    return rows(below, above, block_at(line.fronts, number), (number - earlier) * block, block)


def sees(line: Line, later: Int[Array, "..."], earlier: Int[Array, "..."]) -> Bool[Array, " blocks"]:
    """Return whether the windows of a block of steps pass over a block of elements."""
    lowest, highest = at(line.bottoms, (earlier, 0)), at(line.tops, (earlier, -1))
    first, last = at(line.fronts, (later, 0)), at(line.fronts, (later, -1))
    passed = (distance(highest, first) < 0) | (distance(lowest, moved(last, 1.0)) > 0)
    return (earlier <= later) & ((earlier == later) | ~passed)


def rows_at_ends(
    line: Line, values: Float[Array, "steps width"]
) -> tuple[Float[Array, "steps width"], Float[Array, "steps width"]]:
    """Return the value at each step's front, and the value at the end of its window; 0 if the queue ends before."""
    numbers = jnp.arange(len(values))
    first, last = first_above(line.tops, line.fronts), first_above(line.tops, moved(line.fronts, 1.0))
    none = jnp.zeros_like(values[:1])
    extended = jnp.append(values, none, axis=0)
    return values[jnp.minimum(first, numbers)], extended[jnp.where(last <= numbers, last, len(values))]


def first_above(edges: Position, thresholds: Position) -> Int[Array, " steps"]:
    """Return the number of the first of some rising edges that is above each threshold; beyond the last, if none is."""
    count, block = edges.near.shape
    ends = at(edges, (slice(None), -1))

    def search(limits):
        limits = at(limits, (slice(None), None))
        blocks = (distance(at(ends, None), limits) <= 0).sum(1)
        within = (distance(at(edges, jnp.minimum(blocks, count - 1)), limits) <= 0).sum(1)
        return blocks * block + jnp.where(blocks < count, within, 0)

    return jax.lax.map(search, thresholds).ravel()


def ends_backward(
    line: Line, of_fronts: Float[Array, " steps"], of_backs: Float[Array, " steps"], block: int
) -> tuple[Float[Array, " steps"], Float[Array, " steps"]]:
    """Return the cotangents of push and pop from those of the ends: a pop that empties the queue moves to its back."""
    emptied = distance(line.bottoms, line.fronts) <= 0
    none = jnp.zeros_like(of_fronts)
    fronts = sums_after(Position(of_fronts, none), next_of(emptied), block)
    carried = choose(next_of(emptied), jax.tree.map(next_of, fronts), Position(none, none))
    backs = sums_after(moved(carried, of_backs), jnp.zeros_like(emptied), block)
    return backs.near, jnp.where(emptied, 0, fronts.near)
