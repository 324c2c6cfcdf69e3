"""The neural stack of Grefenstette et al. (2015)."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from neuralstack.memories._validation import value_dtype
from neuralstack.memories.discrete._hard_stack import HardStack
from neuralstack.memories.strength import _stack_blocks as blocks, _stack_interval as interval
from neuralstack.memories.strength._finite_vjp import FiniteVJP
from neuralstack.memories.strength._interval_vjp import IntervalVJP
from neuralstack.memories.strength._kernel_vjp import kernel_or_interval_vjp, require_kernel
from neuralstack.memories.strength._one_end import AbstractOneEnd, empty_before, observe_one_end
from neuralstack.memories.strength._position import Position


class StackState(NamedTuple):
    """The elements, oldest first, the height, and the number of steps taken.

    The anchor of an element is the position where it was pushed, which never moves. What is left of it is above that.
    """

    anchors: Position
    left: Float[Array, " cells"]
    values: Float[Array, "cells width"]
    height: Position
    pushed: Int[Array, ""]


class NeuralStack(AbstractOneEnd):
    r"""A stack of vectors held with fractional strength (Grefenstette et al., 2015).

    Elements are intervals on a line. With $H_t$ the height of the stack, $H_0 = 0$:

    $h_t = \max(0, H_{t-1} - u_t)$ (pop: every edge is clipped to $h_t$), $H_t = h_t + d_t$ (push: the new element is
    $[h_t, H_t]$), $r_t = \sum_i |[\mathrm{bottom}_i, \mathrm{top}_i] \cap [H_t - 1, H_t]|\, v_i$ (read).

    In code, `push` is $d_t$, `pop` is $u_t$ and `value` is $v_t$. This equals the paper's equations 1 to 3, which sum
    over all elements. At ties, the gradient is the one towards a larger pop.

    `step` is pure JAX and costs O(steps x width). `run` and the unroll of a machine use the C++ kernels if available,
    on CPUs and for float32 or float64 values: a step then costs O(width) per element that is read or removed, so
    O(width / strength) for strengths far below 1. Otherwise they are pure JAX and give the same numbers: a step of a
    machine's unroll then costs O(steps x width), one of `run` as much as a row of a few small matrices, whatever the
    number of steps.

    A stack has room for the number of steps given to `init`; values pushed after that are lost.

    Values and reads have the same dtype, and strengths at least float32: with float64 values everything is float64,
    with bfloat16 values the strengths are still float32. In pure JAX, positions on the line are stored with twice the
    digits of their dtype, so the error of a read does not grow with the length.

    A NaN or infinite strength or value cannot be rejected in compiled code. It makes every read from its own step on
    NaN, but none before, and likewise the gradient with respect to the actions of these steps.

    Raises:
        ValueError: If the width is below 1, or `kernel` is True and the kernels are unavailable.

    Examples:
        >>> import jax.numpy as jnp, neuralstack as ns
        >>> stack = ns.NeuralStack(width=1)
        >>> state = stack.init(steps=2)
        >>> state, read = stack.step(state, ns.Action(push=0.8, pop=0.0, value=[1.0]))
        >>> state, read = stack.step(state, ns.Action(push=0.5, pop=0.1, value=[2.0]))
        >>> float(read[0]), stack.strengths(state).tolist()
        (1.5, [0.7, 0.5])
    """

    kernel: bool | None = None
    """Whether to use the C++ kernels. By default, they are used if available."""

    def __post_init__(self):
        super().__post_init__()
        require_kernel(self.kernel)

    def init(self, steps, dtype=None):
        dtype = value_dtype(dtype)
        return StackState(*interval.start_forward(steps, self.width, dtype), jnp.zeros((), jnp.int32))

    def step(self, state, action):
        action = self.check(action)
        carry, read = interval.step_forward(interval.Forward(*state[:-1]), state.pushed, *action)
        return StackState(*carry, state.pushed + 1), read

    def strengths(self, state):
        return state.left

    def emptied(self, action, starts):
        return empty_before(action, starts)

    def observe(self, action, strengths):
        return [observe_one_end("stack", "top", action, strengths)]

    def sequence_vjp(self, *, portable=False):
        plain = FiniteVJP(IntervalVJP(self.width, blocks, interval))
        return kernel_or_interval_vjp("stack", self.width, plain, kernel=self.kernel, portable=portable)

    def discretized(self):
        return HardStack(self.width)
