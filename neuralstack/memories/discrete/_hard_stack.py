"""A stack of vectors with discrete actions."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from neuralstack._activations import rounded, tanh
from neuralstack.memories._actions import Action
from neuralstack.memories._end import End
from neuralstack.memories._observation import observe_hard_stack
from neuralstack.memories._recompute import CheckpointedVJP
from neuralstack.memories._sequence_vjp import AbstractSequenceVJP
from neuralstack.memories.strength import _stack_blocks, _stack_interval
from neuralstack.memories.strength._finite_vjp import FiniteVJP
from neuralstack.memories.strength._interval_vjp import IntervalVJP
from neuralstack.memories.strength._kernel_vjp import kernel_or_interval_vjp
from neuralstack.memories.strength._one_end import AbstractOneEnd, decode_soft, fit_strengths


class HardState(NamedTuple):
    """The elements, bottom first, with room for one more than can be pushed; their number; and the top one.

    After a number that is not finite, the top is NaN for good.
    """

    values: Float[Array, "cells width"]
    height: Int[Array, ""]
    top: Float[Array, " width"]
    """The top element, 0 if there is none. Stored separately, since XLA copies a buffer that is read before a write."""


class HardStack(AbstractOneEnd):
    r"""The textbook stack: a neural stack with strengths of 0 and 1.

    A pop of 1 removes the top, if there is one; then a push of 1 puts the value on top; then the top is read, or 0 if
    there is none. Only an integer moves, so a step costs O(width) whatever the height of the stack, even in a compiled
    loop, where the buffer is written in place. The forward passes of `run` and of a machine's unroll are those of the
    neural stack, in O(width) per step if its kernels are available.

    `decode` rounds the strengths. In the backward pass, rounding is the identity (straight-through; Bengio et al.,
    2013), and the derivative of the read with respect to a strength is the difference that the other choice would have
    made to this read: $r = d\,v + (1 - d)\,(u\,b + (1 - u)\,a)$, with $a$ the top and $b$ the element below it before
    the step. This is a surrogate: it ignores the effect of a choice on later reads. Values have true gradients.

    Raises:
        ValueError: If the width is below 1.

    Examples:
        >>> import neuralstack as ns
        >>> action = ns.Action([1, 1, 0, 0], [0, 0, 1, 1], [[5.0], [6.0], [0.0], [0.0]])
        >>> ns.run(ns.HardStack(width=1), action)[:, 0].tolist()
        [5.0, 6.0, 5.0, 0.0]
    """

    def init(self, steps, dtype=None):
        values = jnp.zeros((steps + 1, self.width), dtype)
        return HardState(values, jnp.zeros((), jnp.int32), values[0])

    def decode(self, raw):
        soft = decode_soft(raw)
        return Action(rounded(soft.push), rounded(soft.pop), soft.value)

    def step(self, state, action):
        action = self.check(action)
        push, pop, value = (field.astype(state.values.dtype) for field in action)
        finite = jnp.isfinite(push) & jnp.isfinite(pop) & jnp.isfinite(value).all() & ~jnp.isnan(state.top).any()
        kept = state.height - ((pop > 0.5) & (state.height > 0)).astype(state.height.dtype)
        # A value that is not pushed is written above the top, where it is never read.
        values = state.values.at[jnp.minimum(kept, state.values.shape[0] - 1)].set(value)
        below = jnp.where(state.height > 1, values[jnp.maximum(state.height - 2, 0)], 0)
        left = pop * below + (1 - pop) * state.top
        top = jnp.where(push > 0.5, value, jnp.where(pop > 0.5, below, state.top))
        top, read = (jnp.where(finite, field, jnp.nan) for field in (top, push * value + (1 - push) * left))
        return HardState(values, kept + (push > 0.5).astype(kept.dtype), top), read

    def strengths(self, state):
        return (jnp.arange(state.values.shape[0] - 1) < state.height).astype(state.values.dtype)

    def check(self, action, *, steps=False):
        return fit_strengths(self, action, steps=steps, only_ends=True)

    def observe(self, action, strengths):
        return [observe_hard_stack(action.push, action.pop)]

    def sequence_vjp(self, *, portable=False):
        plain = FiniteVJP(IntervalVJP(self.width, _stack_blocks, _stack_interval))
        soft = kernel_or_interval_vjp("stack", self.width, plain, kernel=None, portable=portable)
        return HardVJP(soft, FiniteVJP(CheckpointedVJP(self)))

    def discretized(self):
        return self

    def ends(self):
        return (End("stack"),)

    def end_actions(self, action):
        return (action,)

    def sample(self, raw, noise):
        drawn = jax.lax.stop_gradient((self.gate_probabilities(raw) > noise).astype(raw.dtype))
        return Action(drawn[..., 0], drawn[..., 1], tanh(raw[..., 2:]))


class HardVJP(AbstractSequenceVJP):
    """The forward pass of the neural stack, whose reads are the same, and the backward pass of a hard stack's step."""

    soft: AbstractSequenceVJP
    replay: FiniteVJP

    def reads(self, action, steps):
        return self.soft.reads(action, steps)

    def reads_backward(self, action, steps, reads_cotangent):
        return self.replay.reads_backward(action, steps, reads_cotangent)

    def start_forward(self, steps, dtype):
        return self.soft.start_forward(steps, dtype)

    def step_forward(self, carry, time, action):
        return self.soft.step_forward(carry, time, action)

    def start_backward(self, action, steps):
        return self.replay.start_backward(action, steps)

    def step_backward(self, carry, time, read_cotangent):
        return self.replay.step_backward(carry, time, read_cotangent)
