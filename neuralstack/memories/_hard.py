"""A stack of vectors with discrete actions."""

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from neuralstack._activations import rounded
from neuralstack.memories import _one_end as one_end
from neuralstack.memories._base import AbstractMemory, AbstractPasses, Action
from neuralstack.memories._check import require_width
from neuralstack.memories._replay import Replay
from neuralstack.memories._stack import NeuralStack


class HardState(NamedTuple):
    """The elements, bottom first, and how many there are."""

    values: Float[Array, "cells width"]
    height: Int[Array, ""]


class HardStack(AbstractMemory):
    r"""The stack of every textbook: what a neural stack is with strengths of 0 and 1.

    A pop of 1 takes the top off, if there is one; then a push of 1 puts the value on top; then the top is read, 0 if
    there is none. Only an integer is moved, so a step costs O(width) by itself. In a compiled loop XLA does not find
    that it may work in place, and copies the buffer at each step, O(steps x width). `run` and the unroll of a machine
    go forward by the passes of the neural stack, in O(width) a step where its kernels are built.

    `decode` rounds the strengths. Going backwards, rounding is the identity (straight-through; Bengio et al., 2013),
    and the read's derivative by a strength is the difference that the other choice would have made to this read:
    $r = d\,v + (1 - d)\,(u\,b + (1 - u)\,a)$, with $a$ the top and $b$ the element below it before the step. That is
    a surrogate: what a choice does to later reads it does not see. Values have true gradients.

    Raises:
        ValueError: If the width is below 1.

    Examples:
        >>> import neuralstack as ns
        >>> action = ns.Action([1, 1, 0, 0], [0, 0, 1, 1], [[5.0], [6.0], [0.0], [0.0]])
        >>> ns.run(ns.HardStack(width=1), action)[:, 0].tolist()
        [5.0, 6.0, 5.0, 0.0]
    """

    width: int = eqx.field(static=True)
    """Width of the values, at least 1."""

    @classmethod
    def of_width(cls, width):
        return cls(width)

    @property
    def gate_widths(self):
        return 1, 1

    @property
    def value_widths(self):
        return (self.width,)

    @property
    def read_size(self):
        return self.width

    def __check_init__(self):
        require_width("a hard stack's values", self.width)

    def init(self, steps, dtype=None):
        return HardState(jnp.zeros((steps, self.width), dtype), jnp.zeros((), jnp.int32))

    def decode(self, raw):
        soft = one_end.decode(raw)
        return Action(rounded(soft.push), rounded(soft.pop), soft.value)

    def initial_bias(self):
        return one_end.initial_bias(self.width)

    def gates(self, action):
        return one_end.gates(action)

    def step(self, state, action):
        action = self.check(action)
        push, pop, value = (part.astype(state.values.dtype) for part in action)
        below = pop * element(state, state.height - 2) + (1 - pop) * element(state, state.height - 1)
        kept = state.height - ((pop > 0.5) & (state.height > 0))
        place = jnp.minimum(kept, len(state.values) - 1)
        values = state.values.at[place].set(jnp.where(push > 0.5, value, state.values[place]))
        return HardState(values, kept + (push > 0.5)), push * value + (1 - push) * below

    def strengths(self, state):
        return (jnp.arange(len(state.values)) < state.height).astype(state.values.dtype)

    def check(self, action, *, steps=False):
        return one_end.check(self, action, steps=steps, only_ends=True)

    def passes(self, *, portable=False):
        return HardPasses(NeuralStack(self.width).passes(portable=portable), Replay(self))


class HardPasses(AbstractPasses):
    """Forward as the neural stack, which reads the same from strengths of 0 and 1; backward as the steps say."""

    soft: AbstractPasses
    replay: Replay

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


def element(state: HardState, place: Int[Array, ""]) -> Float[Array, " width"]:
    """Return an element by its number from the bottom, 0 below it."""
    return jnp.where(place >= 0, state.values[jnp.maximum(place, 0)], 0)
