"""The arithmetic of the strength memories: elements are intervals on a line, end to end.

Popping clips the line, pushing extends it, reading overlaps it with a window of length 1
(memories of Grefenstette et al., 2015, without their sums over all elements).

Ties. An edge that lies exactly at the level of a clip counts as clipped, an edge exactly at the bottom of the
window counts as inside, and a pop that takes exactly all that there is has emptied the memory. Each is the one-sided
derivative towards a larger pop; `jnp.minimum` would take the mean of both sides.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int


def clip_to(edges: Float[Array, "..."], level: Float[Array, "..."]) -> Float[Array, "..."]:
    """Return `min(edges, level)`, where a tie belongs to `level`."""
    return jnp.where(edges >= level, level, edges)


def pop_height(height: Float[Array, ""], pop: Float[Array, ""]) -> Float[Array, ""]:
    """Return `max(0, height - pop)`, where an exactly emptied memory is flat."""
    return jnp.where(height > pop, height - pop, 0.0)


def overlap(bottoms: Float[Array, "..."], tops: Float[Array, "..."], floor: Float[Array, "..."]) -> Float[Array, "..."]:
    """Return how much of each interval lies above `floor`, the bottom of the read window."""
    inside = tops >= floor
    return jnp.where(inside, tops - jnp.where(bottoms >= floor, bottoms, floor), 0.0)


def heights(
    push: Float[Array, " steps"], pop: Float[Array, " steps"]
) -> tuple[Float[Array, " steps"], Float[Array, " steps"]]:
    """Return the height of the stack after each step's pop, and after its push."""

    def step(height, strengths):
        push, pop = strengths
        popped = pop_height(height, pop)
        return popped + push, (popped, popped + push)

    return jax.lax.scan(step, jnp.zeros((), push.dtype), (push, pop))[1]


def lows_before(bottoms: Float[Array, " steps"], step: Int[Array, ""] | int) -> Float[Array, " steps"]:
    """Return the lowest height that a later pop, before `step`, left above each element; infinity if there is none."""
    later = jnp.where(jnp.arange(len(bottoms)) < step, bottoms, jnp.inf)
    lows = jax.lax.cummin(later, reverse=True)
    return jnp.concatenate([lows[1:], jnp.full(1, jnp.inf, lows.dtype)])


def read_rows(
    bottoms: Float[Array, " steps"],
    tops: Float[Array, " steps"],
    lows: Float[Array, " steps"],
    first: Int[Array, ""] | int,
    count: int,
) -> tuple[Float[Array, "{count} steps"], Float[Array, " steps"]]:
    """Return the read weights of `count` steps from `first` on, and the lows after them.

    Row t holds the weight of each element in the read of step t: the overlap of the interval that is left of it,
    `[min(bottom, low), min(top, low)]`, with the window `[top_t - 1, top_t]`.
    """
    cells = jnp.arange(len(bottoms))
    times = first + jnp.arange(count)
    levels = jax.lax.dynamic_slice(bottoms, (first,), (count,))
    floors = jax.lax.dynamic_slice(tops, (first,), (count,)) - 1

    def step(lows, now):
        time, level = now
        lows = jnp.where(cells < time, clip_to(lows, level), lows)
        return lows, lows

    lows, rows = jax.lax.scan(step, lows, (times, levels))
    weights = overlap(clip_to(bottoms[None], rows), clip_to(tops[None], rows), floors[:, None])
    pushed = cells[None] <= times[:, None]
    return jnp.where(pushed, weights, 0.0), lows
