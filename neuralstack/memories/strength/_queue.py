"""The neural queue of Grefenstette et al. (2015)."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from neuralstack.memories._end import End
from neuralstack.memories._validation import value_dtype
from neuralstack.memories.discrete._quantized import Quantized
from neuralstack.memories.strength import _queue_blocks as blocks, _queue_interval as interval
from neuralstack.memories.strength._finite_vjp import FiniteVJP
from neuralstack.memories.strength._interval_vjp import IntervalVJP
from neuralstack.memories.strength._kernel_vjp import kernel_or_interval_vjp, require_kernel
from neuralstack.memories.strength._one_end import AbstractOneEnd, empty_before, observe_one_end
from neuralstack.memories.strength._position import Position


class QueueState(NamedTuple):
    """The edges of the elements as pushed, oldest first, their values, both ends, and the number of steps taken."""

    edges: Position
    values: Float[Array, "cells width"]
    front: Position
    back: Position
    pushed: Int[Array, ""]


class NeuralQueue(AbstractOneEnd):
    r"""A queue of vectors held with fractional strength (Grefenstette et al., 2015).

    Elements are intervals on a line that is pushed at its back $P$ and popped at its front $F$, $P_0 = F_0 = 0$:

    $F_t = \min(P_{t-1}, F_{t-1} + u_t)$ (pop), $P_t = P_{t-1} + d_t$ (push: the new element is $[P_{t-1}, P_t]$),
    $r_t = \sum_i |[\max(P_{i-1}, F_t), P_i] \cap [F_t, F_t + 1]|\, v_i$ (read).

    In code `push` is $d_t$, `pop` is $u_t$, `value` is $v_t$. At ties, the gradient is the one towards a larger pop.

    Cost, kernels, capacity, dtypes, precision and the effect of NaN are as for `NeuralStack`.

    Raises:
        ValueError: If the width is below 1, or `kernel` is True and the kernels are unavailable.

    Examples:
        >>> import neuralstack as ns
        >>> reads = ns.run(ns.NeuralQueue(width=1), ns.Action([0.8, 0.5, 0.9], [0.0, 0.1, 0.9], [[1.0], [2.0], [3.0]]))
        >>> [round(float(read), 6) for read in reads[:, 0]]
        [0.8, 1.3, 2.7]
    """

    kernel: bool | None = None
    """Whether to use the C++ kernels. By default, they are used if available."""

    def __post_init__(self):
        super().__post_init__()
        require_kernel(self.kernel)

    def init(self, steps, dtype=None):
        dtype = value_dtype(dtype)
        return QueueState(*interval.start_forward(steps, self.width, dtype), jnp.zeros((), jnp.int32))

    def step(self, state, action):
        carry, read = interval.step_forward(interval.Forward(*state[:-1]), state.pushed, *self.check(action))
        return QueueState(*carry, state.pushed + 1), read

    def strengths(self, state):
        return interval.lengths(state.edges, state.front)

    def emptied(self, action, starts):
        return empty_before(action, starts)

    def observe(self, action, strengths):
        return [observe_one_end("queue", "front", action, strengths)]

    def sequence_vjp(self, *, portable=False):
        plain = FiniteVJP(IntervalVJP(self.width, blocks, interval))
        return kernel_or_interval_vjp("queue", self.width, plain, kernel=self.kernel, portable=portable)

    def discretized(self):
        return Quantized(self)

    def quantized_ends(self):
        return (End("queue"),)
