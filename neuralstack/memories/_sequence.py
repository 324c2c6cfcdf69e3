"""A stack whose whole sequence of actions is known: every read at once, in linear memory.

When no read goes back to the controller, the actions do not wait for the memory. The read weights of a block of steps
are then one matrix and its reads one matrix product, as in attention, and only one block is held at a time.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from neuralstack.memories._interval import heights, lows_before, read_rows

BLOCK = 32  # steps whose read weights are held at once


@jax.custom_vjp
def stack_reads(
    push: Float[Array, " steps"],
    pop: Float[Array, " steps"],
    values: Float[Array, "steps width"],
    blocks: Int[Array, ""],
) -> Float[Array, "steps width"]:
    """Return every read of a stack whose whole sequence of actions is known, `BLOCK` steps at a time.

    Only the first `blocks` blocks are computed. The steps must be a multiple of `BLOCK`. The backward pass computes
    the read weights again, so that nothing quadratic in the length is kept.
    """
    bottoms, tops = heights(push, pop)

    def block(number, carry):
        lows, reads = carry
        first = number * BLOCK
        weights, lows = read_rows(bottoms, tops, lows, first, BLOCK)
        read = weights.astype(values.dtype) @ values
        return lows, jax.lax.dynamic_update_slice_in_dim(reads, read, first, 0)

    start = jnp.full_like(push, jnp.inf), jnp.zeros_like(values)
    return jax.lax.fori_loop(0, blocks, block, start)[1]


def _stack_reads_forward(push, pop, values, blocks):
    return stack_reads(push, pop, values, blocks), (push, pop, values, blocks)


def _stack_reads_backward(saved, reads_cotangent):
    push, pop, values, blocks = saved
    (bottoms, tops), pull_heights = jax.vjp(heights, push, pop)

    def block(reverse_number, carry):
        cotangents, lows_cotangent = carry
        first = (blocks - 1 - reverse_number) * BLOCK
        reads = jax.lax.dynamic_slice_in_dim(reads_cotangent, first, BLOCK, 0)

        def forward(bottoms, tops, values, lows):
            weights, lows = read_rows(bottoms, tops, lows, first, BLOCK)
            return weights.astype(values.dtype) @ values, lows

        _, pull = jax.vjp(forward, bottoms, tops, values, lows_before(bottoms, first))
        *more, lows_cotangent = pull((reads, lows_cotangent))
        return jax.tree.map(jnp.add, cotangents, tuple(more)), lows_cotangent

    start = jax.tree.map(jnp.zeros_like, (bottoms, tops, values)), jnp.zeros_like(push)
    (bottoms_cotangent, tops_cotangent, values_cotangent), _ = jax.lax.fori_loop(0, blocks, block, start)
    push_cotangent, pop_cotangent = pull_heights((bottoms_cotangent, tops_cotangent))
    return push_cotangent, pop_cotangent, values_cotangent, None


stack_reads.defvjp(_stack_reads_forward, _stack_reads_backward)
