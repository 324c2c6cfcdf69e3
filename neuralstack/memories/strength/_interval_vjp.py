"""Passes over whole sequences for a memory with one end, in pure JAX."""

from types import ModuleType

import equinox as eqx
import jax.numpy as jnp

from neuralstack.memories._actions import Action
from neuralstack.memories._sequence_vjp import AbstractSequenceVJP


class IntervalVJP(AbstractSequenceVJP):
    """The passes of a memory of a given width, computed by two modules of functions of one sequence."""

    width: int = eqx.field(static=True)
    whole: ModuleType = eqx.field(static=True)
    """Two functions of a whole sequence whose actions are known."""
    form: ModuleType = eqx.field(static=True)
    """Four functions of single steps, for the unroll."""

    def reads(self, action, steps):
        return self.whole.reads(*action, steps)

    def reads_backward(self, action, steps, reads_cotangent):
        return Action(*self.whole.reads_backward(*action, steps, reads_cotangent))

    def start_forward(self, steps, dtype):
        return self.form.start_forward(steps, self.width, dtype)

    def step_forward(self, carry, time, action):
        return self.form.step_forward(carry, jnp.asarray(time), *action)

    def start_backward(self, action, steps):
        return self.form.start_backward(*action, jnp.asarray(steps))

    def step_backward(self, carry, time, read_cotangent):
        carry, cotangents = self.form.step_backward(carry, time, read_cotangent)
        return carry, Action(*cotangents)
