"""No memory at all: the baseline of every experiment."""

import jax.numpy as jnp

from neuralstack.memories._base import AbstractMemory
from neuralstack.memories._sequence_vjp import AbstractSequenceVJP


class NoMemory(AbstractMemory):
    """A memory that takes no action and reads nothing: the answer can only come from the controller.

    Its state and its actions are arrays of width 0, so that a machine without a memory is built from the same parts.
    A step costs nothing.

    Examples:
        >>> import jax.numpy as jnp, neuralstack as ns
        >>> ns.run(ns.NoMemory(), jnp.zeros((5, 0))).shape
        (5, 0)
    """

    @property
    def action_size(self):
        return 0

    @property
    def read_size(self):
        return 0

    def init(self, steps, dtype=None):
        return jnp.zeros(0, dtype)

    def decode(self, raw):
        return raw

    def gates(self, action):
        return action

    def step(self, state, action):
        return state, jnp.zeros_like(state)

    def strengths(self, state):
        return state

    def check(self, action, *, steps=False):
        return action

    def observe(self, action, strengths):
        return []

    def discretized(self):
        return self

    def end_actions(self, action):
        return ()

    def sequence_vjp(self, *, portable=False):
        return NullVJP()


class NullVJP(AbstractSequenceVJP):
    """Passes without a carry, a read or a gradient."""

    def reads(self, action, steps):
        return jnp.zeros_like(action)

    def reads_backward(self, action, steps, reads_cotangent):
        return jnp.zeros_like(action)

    def start_forward(self, steps, dtype):
        return jnp.zeros(0, dtype)

    def step_forward(self, carry, time, action):
        return carry, carry

    def start_backward(self, action, steps):
        return jnp.zeros_like(action[0])

    def step_backward(self, carry, time, read_cotangent):
        return carry, carry
