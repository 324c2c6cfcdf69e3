"""The closed form of the stack and of the queue: every read weight of a sequence at once, without a loop over time.

Each quantity that a step hands to the next one is a prefix of an associative operation: a height is a prefix of
shifts that are stopped at 0, a low is a prefix of minima. All of them are known after O(log steps) operations.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from neuralstack.memories._validation import require_strengths, strength_dtype
from neuralstack.memories.strength._interval import clip_to, overlap, pop_height
from neuralstack.memories.strength._queue_interval import rows


def read_weights(push: Any, pop: Any, *, queue: bool = False) -> Float[Array, "steps steps"]:
    r"""Return the weight of every element in every read, so that the reads are `weights @ values`.

    Row $t$ belongs to the read of step $t$, column $i$ to the element pushed at step $i$. The memory is the stack, or
    the queue, of Grefenstette et al. (2015). Where no action waits for a read it is one matrix, as attention is.

    Stack: the height of the top is $H_t = \max(0, H_{t-1} - u_t) + d_t$, $H_0 = 0$, and $h_t = H_t - d_t$ is what the
    pop leaves. Composing such steps is associative in the algebra of maximum and plus. What is left of element $i$ is

    $\mathrm{top}_t[i] = \min(H_i, \min_{i<k\le t} h_k)$, $\mathrm{bottom}_t[i] = \min_{i\le k\le t} h_k$, and
    $w_t[i] = |[\mathrm{bottom}_t[i], \mathrm{top}_t[i]] \cap [H_t - 1, H_t]|$.

    Queue: the back is $P_t = \sum_{k\le t} d_k$, and the front $F_t = \min(P_{t-1}, F_{t-1} + u_t)$ is associative
    too. $w_t[i] = |[\max(P_{i-1}, F_t), P_i] \cap [F_t, F_t + 1]|$.

    In code `push` is $d_t$ and `pop` is $u_t$. Values and gradients are those of the memories' steps, also at ties,
    which belong to the larger pop. Heights are absolute, and added up in another order than step by step: float32
    weights have an error of about height x 2e-7, where the height of a queue is all that was ever pushed, and a tie
    that only rounding makes, or breaks, may fall to the other side. Work and memory grow with the square of the length;
    on a CPU, `run` of a memory is faster.

    Args:
        push: Push strengths in [0, 1], of shape [steps]; a batch is `jax.vmap`.
        pop: Pop strengths in [0, 1], of the same shape.
        queue: Whether the memory is a queue, popped and read at the end where it is not pushed, or a stack.

    Returns:
        The weights, each in [0, 1] and at most 1 together in each row, 0 above the diagonal, in the dtype of the
        strengths, at least float32.

    Raises:
        ValueError: If `push` and `pop` are not equally long vectors, or a strength is known and outside of [0, 1].

    Examples:
        The stack and the queue of the paper's Figure 1, whose elements are 1, 2 and 3:

        >>> import jax.numpy as jnp, neuralstack as ns
        >>> push, pop, values = [0.8, 0.5, 0.9], [0.0, 0.1, 0.9], jnp.array([1.0, 2.0, 3.0])
        >>> print(ns.read_weights(push, pop).round(6) @ values)
        [0.8 1.5 2.8]
        >>> print(ns.read_weights(push, pop, queue=True).round(6) @ values)
        [0.8 1.3 2.7]
    """
    push, pop = jnp.asarray(push), jnp.asarray(pop)
    if push.ndim != 1 or push.shape != pop.shape:
        raise ValueError(
            f"push and pop must be vectors of one length, got shapes {push.shape} and {pop.shape}; for a batch use "
            "jax.vmap."
        )
    dtype = strength_dtype(jnp.result_type(push, pop, float))
    push, pop = push.astype(dtype), pop.astype(dtype)
    require_strengths("push", push)
    require_strengths("pop", pop)
    return queue_weights(push, pop) if queue else stack_weights(push, pop)


@jax.jit
def stack_weights(push: Float[Array, " steps"], pop: Float[Array, " steps"]) -> Float[Array, "steps steps"]:
    """Return the read weights of a stack: what is left of each element, seen through the window below the top."""
    heights = stopped_sums(push, push - pop)
    levels = jax.vmap(pop_height)(jnp.concatenate([jnp.zeros(1, push.dtype), heights])[:-1], pop)
    edges = held(jnp.stack([levels, heights], 1).ravel(), jnp.stack([pop > 0, push > 0], 1).ravel())
    bottoms, tops = edges[::2], edges[1::2]
    times, cells = steps_and_elements(push)
    lows = jax.lax.associative_scan(clip_to, jnp.where(times > cells, bottoms[:, None], jnp.inf))
    weights = overlap(clip_to(bottoms[None], lows), clip_to(tops[None], lows), tops[:, None] - 1)
    return jnp.where(times >= cells, weights, 0.0)


@jax.jit
def queue_weights(push: Float[Array, " steps"], pop: Float[Array, " steps"]) -> Float[Array, "steps steps"]:
    """Return the read weights of a queue: what is behind the front of each element, seen through the window there."""
    backs = jnp.concatenate([jnp.zeros(1, push.dtype), jnp.cumsum(push)])
    edges = held(backs, jnp.concatenate([jnp.zeros(1, bool), push > 0]))
    fronts = -stopped_sums(-edges[:-1], -pop)
    return rows(edges[:-1], edges[1:], fronts, 0, len(push))


def stopped_sums(stops: Float[Array, " steps"], shifts: Float[Array, " steps"]) -> Float[Array, " steps"]:
    """Return `x[t] = max(stops[t], x[t - 1] + shifts[t])`, `x[0] = stops[0]`, where a tie belongs to the stop.

    A step is a function `x -> max(stop, x + shift)`, and so are two steps one after the other.
    """

    def then(earlier, later):
        shifted = earlier[0] + later[1]
        return jnp.where(shifted > later[0], shifted, later[0]), earlier[1] + later[1]

    return jax.lax.associative_scan(then, (stops, shifts))[0]


def held(edges: Float[Array, " edges"], moved: Bool[Array, " edges"]) -> Float[Array, " edges"]:
    """Return the edges, where one that has not moved is exactly the one before it: rounding must not break a tie.

    The gradients stay those of the sums.
    """
    last = jax.lax.cummax(jnp.where(moved, jnp.arange(len(edges)), 0))
    return edges + jax.lax.stop_gradient(edges[last] - edges)


def steps_and_elements(push: Float[Array, " steps"]) -> tuple[Int[Array, "steps 1"], Int[Array, "1 steps"]]:
    """Return the numbers of the steps, down the rows, and those of the elements, along them."""
    numbers = jnp.arange(len(push))
    return numbers[:, None], numbers[None]
