"""The closed form of the stack and of the queue: every read weight of a sequence at once, without a loop over time.

Each quantity that is carried from step to step is a prefix of an associative operation: heights are prefixes of shifts
that stop at 0, lower edges are prefixes of minima. All of them take O(log steps) parallel operations.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from neuralstack.memories._validation import require_strengths, strength_dtype
from neuralstack.memories.strength._finite_vjp import choose_steps, steps_before_nonfinite
from neuralstack.memories.strength._interval import pop_height, seen_from_top
from neuralstack.memories.strength._position import Position, added, at, choose, clip_to, distance, moved, opposite
from neuralstack.memories.strength._queue_interval import below_and_above, rows


def read_weights(push: Any, pop: Any, *, queue: bool = False) -> Float[Array, "steps steps"]:
    r"""Return the weight of every element in every read, so that the reads are `weights @ values`.

    Row $t$ belongs to the read of step $t$, column $i$ to the element pushed at step $i$. The memory is the stack, or
    the queue, of Grefenstette et al. (2015). If no action depends on a read, this is one matrix, as in attention.

    Stack: the height of the top is $H_t = \max(0, H_{t-1} - u_t) + d_t$, $H_0 = 0$, and $h_t = H_t - d_t$ is the height
    after the pop. Such steps compose associatively in max-plus algebra. What is left of element $i$ lies between

    $\mathrm{top}_t[i] = \min(H_i, \min_{i<k\le t} h_k)$, $\mathrm{bottom}_t[i] = \min_{i\le k\le t} h_k$, and
    $w_t[i] = |[\mathrm{bottom}_t[i], \mathrm{top}_t[i]] \cap [H_t - 1, H_t]|$.

    Queue: the back is $P_t = \sum_{k\le t} d_k$ and the front $F_t = \min(P_{t-1}, F_{t-1} + u_t)$, whose steps compose
    associatively too. $w_t[i] = |[\max(P_{i-1}, F_t), P_i] \cap [F_t, F_t + 1]|$.

    In code, `push` is $d_t$ and `pop` is $u_t$. Values and gradients are those of the memories' steps, even at ties,
    where gradients are those towards a larger pop. Positions are stored with twice the digits of the dtype, so float32
    weights have an error of about 1e-7 at any length. A strength that is not finite makes the weights of its step and
    all later ones NaN. Time and space grow with the square of the length; on a CPU, `run` of a memory is faster.

    Args:
        push: Push strengths in [0, 1], of shape [steps]; use `jax.vmap` for a batch.
        pop: Pop strengths in [0, 1], of the same shape.
        queue: Whether the memory is a queue, popped and read at the end opposite to the pushes, or a stack.

    Returns:
        The weights: each in [0, 1], with a sum of at most 1 in each row, and 0 above the diagonal; in the dtype of the
        strengths, at least float32.

    Raises:
        ValueError: If `push` and `pop` are not vectors of the same length, or a known strength is outside [0, 1].

    Examples:
        The stack and the queue of the paper's Figure 1, whose elements are 1, 2 and 3:

        >>> import jax.numpy as jnp, neuralstack as ns
        >>> push, pop, values = [0.8, 0.5, 0.9], [0.0, 0.1, 0.9], jnp.array([1.0, 2.0, 3.0])
        >>> print(ns.read_weights(push, pop).round(6) @ values)
        [0.8 1.5 2.8]
        >>> print(ns.read_weights(push, pop, queue=True).round(6) @ values)
        [0.8 1.3 2.7]
    """
    push, pop = checked_strengths(push, pop)
    defined = steps_before_nonfinite((push, pop), push.shape[0])
    form = queue_weights if queue else stack_weights
    weights = form(*choose_steps(defined, (push, pop), 0.0))
    # Makes weights and their gradient NaN from such a step on; `jnp.where` with NaN would not affect the gradient.
    return weights + (jnp.where(defined, 0, jnp.nan) * (push + pop))[:, None]


def checked_strengths(push: Any, pop: Any) -> tuple[Float[Array, " steps"], Float[Array, " steps"]]:
    """Return the strengths of a sequence as arrays of one dtype, at least float32.

    Raises:
        ValueError: If they are not vectors of the same length, or a known strength is outside [0, 1].
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
    return push, pop


@jax.jit
def stack_weights(push: Float[Array, " steps"], pop: Float[Array, " steps"]) -> Float[Array, "steps steps"]:
    """Return the read weights of a stack: the overlap of each element with the window below the top."""
    pushed = Position(push, jnp.zeros_like(push))
    heights = stopped_sums(pushed, moved(pushed, -pop))
    levels = pop_height(jax.tree.map(lambda leaf: jnp.pad(leaf, (1, 0))[:-1], heights), pop)
    both = jax.tree.map(lambda level, height: jnp.stack([level, height], 1).ravel(), levels, heights)
    edges = held(both, jnp.stack([pop > 0, push > 0], 1).ravel())
    levels, tops = at(edges, slice(None, None, 2)), at(edges, slice(1, None, 2))
    times, cells = steps_and_elements(push)
    known = jnp.where(times >= cells, levels.near[:, None], jnp.inf), jnp.where(times >= cells, levels.rest[:, None], 0)
    lows = jax.lax.associative_scan(clip_to, Position(*known))
    seen = jnp.where(times >= cells, seen_from_top(lows, at(tops, (slice(None), None))), 0.0)
    return jnp.diff(seen, axis=1, append=jnp.zeros_like(seen[:, :1]))


@jax.jit
def queue_weights(push: Float[Array, " steps"], pop: Float[Array, " steps"]) -> Float[Array, "steps steps"]:
    """Return the read weights of a queue: the overlap of each element with the window behind the front."""
    backs = jax.lax.associative_scan(added, Position(push, jnp.zeros_like(push)))
    backs = jax.tree.map(lambda leaf: jnp.pad(leaf, (1, 0)), backs)
    edges = held(backs, jnp.pad(push > 0, (1, 0)))
    shifts = Position(-pop, jnp.zeros_like(pop))
    fronts = opposite(stopped_sums(opposite(at(edges, slice(None, -1))), shifts))
    return rows(*below_and_above(edges), fronts, 0, len(push))


def stopped_sums(stops: Position, shifts: Position) -> Position:
    """Return `x[t] = max(stops[t], x[t - 1] + shifts[t])`, `x[0] = stops[0]`, where the stop wins a tie.

    A step is a function `x -> max(stop, x + shift)`, and so is the composition of two steps.
    """

    def then(earlier, later):
        shifted = added(earlier[0], later[1])
        return choose(distance(shifted, later[0]) <= 0, later[0], shifted), added(earlier[1], later[1])

    return jax.lax.associative_scan(then, (stops, shifts))[0]


def held(edges: Position, changed: Bool[Array, " edges"]) -> Position:
    """Return the edges, with each one that has not moved exactly equal to the one before: rounding must not break ties.

    The gradients remain those of the sums.
    """
    last = jax.lax.cummax(jnp.where(changed, jnp.arange(len(changed)), 0))
    return Position(edges.near + jax.lax.stop_gradient(edges.near[last] - edges.near), edges.rest[last])


def steps_and_elements(push: Float[Array, " steps"]) -> tuple[Int[Array, "steps 1"], Int[Array, "1 steps"]]:
    """Return the numbers of the steps as a column, and those of the elements as a row."""
    numbers = jnp.arange(len(push))
    return numbers[:, None], numbers[None]
