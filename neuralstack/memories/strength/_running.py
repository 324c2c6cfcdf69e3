"""Running combinations over all steps of a sequence: the heights of a stack, the ends of a queue, and their gradients.

Steps are combined within all blocks at once, then from block to block. So the depth of the computation is the length of
a block plus the number of blocks, and not the number of steps.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PyTree

from neuralstack.memories.strength._interval import pop_height
from neuralstack.memories.strength._position import Position, added, at, choose, distance, moved, opposite


def running(
    combine: Callable[[Any, Any], Any], elements: PyTree[Array], block: int, *, reverse: bool = False
) -> PyTree[Array]:
    """Return the combination of each element with all earlier ones, or with all later ones.

    Args:
        combine: An associative function of what comes first and what follows, elementwise. An element of zeros changes
            nothing.
        elements: The elements: each leaf is a vector over steps, whose number is a multiple of `block`.
        block: Number of steps in a block.
        reverse: Whether to go from the last element to the first.
    """
    if reverse:
        elements = jax.tree.map(lambda leaf: leaf[::-1], elements)
    columns = jax.tree.map(lambda leaf: leaf.reshape(-1, block).T, elements)
    empty = jax.tree.map(lambda leaf: jnp.zeros_like(leaf[0]), columns)

    def within(total, column):
        total = combine(total, column)
        return total, total

    def across(total, of_block):
        return combine(total, of_block), total

    totals, inner = jax.lax.scan(within, empty, columns)
    before = jax.lax.scan(across, jax.tree.map(lambda leaf: leaf[0], empty), totals)[1]
    before = jax.tree.map(lambda leaf, other: jnp.broadcast_to(leaf[None], other.shape), before, inner)
    combined = jax.tree.map(lambda leaf: leaf.T.ravel(), combine(before, inner))
    return jax.tree.map(lambda leaf: leaf[::-1], combined) if reverse else combined


def stopped_sums(stops: Position, shifts: Position, block: int) -> Position:
    """Return `x[t] = max(stops[t], x[t - 1] + shifts[t])` from `x = 0`, where the stop wins a tie.

    No stop is below 0. A step is a function `x -> max(stop, x + shift)`, and so is the composition of two steps.
    """

    def then(earlier, later):
        shifted = added(earlier[0], later[1])
        return choose(distance(shifted, later[0]) <= 0, later[0], shifted), added(earlier[1], later[1])

    return running(then, (stops, shifts), block)[0]


def held(edges: Position, changed: Bool[Array, " edges"], block: int) -> Position:
    """Return the edges, with each one that has not moved equal to the one before: rounding must not break ties."""
    numbers = jnp.where(changed, jnp.arange(len(changed)), 0)
    return at(edges, running(jnp.maximum, numbers, block))


def stack_edges(push: Float[Array, " steps"], pop: Float[Array, " steps"], block: int) -> tuple[Position, Position]:
    """Return the height of the stack after each step's pop, and after its push."""
    pushed = Position(push, jnp.zeros_like(push))
    tops = stopped_sums(pushed, moved(pushed, -pop), block)
    levels = pop_height(after_first(tops), pop)
    both = jax.tree.map(lambda level, top: jnp.stack([level, top], 1).ravel(), levels, tops)
    both = held(both, jnp.stack([pop > 0, push > 0], 1).ravel(), block)
    return at(both, slice(None, None, 2)), at(both, slice(1, None, 2))


def queue_edges(push: Float[Array, " steps"], pop: Float[Array, " steps"], block: int) -> tuple[Position, Position]:
    """Return the front of the queue after each step, and its back after each step.

    After a pop, a queue holds as much as a stack does.
    """
    pushed = Position(push, jnp.zeros_like(push))
    backs = held(running(added, pushed, block), push > 0, block)
    left = stack_edges(push, pop, block)[0]
    return held(added(after_first(backs), opposite(left)), pop > 0, block), backs


def after_first(edges: Position) -> Position:
    """Return the edge before each step: the start of the line, and each edge but the last."""
    return jax.tree.map(lambda leaf: jnp.pad(leaf, (1, 0))[:-1], edges)


def sums_after(terms: Position, ends: Bool[Array, " steps"], block: int) -> Position:
    """Return `x[t] = terms[t] + x[t + 1]`, or `terms[t]` where the sum ends.

    Cotangents of positions are such sums, over many steps, so they are stored with twice the digits as well.
    """

    def then(later, earlier):
        carried = choose(earlier[1], jax.tree.map(jnp.zeros_like, later[0]), later[0])
        return added(earlier[0], carried), earlier[1] | later[1]

    return running(then, (terms, ends), block, reverse=True)[0]


def next_of(numbers: Float[Array, " steps"] | Bool[Array, " steps"]) -> Array:
    """Return the number at the step after each one, and zero after the last."""
    return jnp.append(numbers[1:], jnp.zeros_like(numbers[:1]))
