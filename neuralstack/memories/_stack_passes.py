"""Whole sequences of the neural stack: by the C++ kernels where they can be used, else in pure JAX."""

from types import ModuleType

import equinox as eqx
import jax.numpy as jnp
from jax.typing import DTypeLike

from neuralstack import kernels
from neuralstack.memories import _stack_interval as interval
from neuralstack.memories._base import AbstractPasses, Action


class StackPasses(AbstractPasses):
    """The passes of a stack of some width."""

    width: int = eqx.field(static=True)
    kernel: bool = eqx.field(static=True)

    def reads(self, action, steps):
        return self.form(action.value.dtype).reads(*action, steps)

    def reads_backward(self, action, steps, reads_cotangent):
        return Action(*self.form(action.value.dtype).reads_backward(*action, steps, reads_cotangent))

    def start_forward(self, steps, dtype):
        return self.form(dtype).start_forward(steps, self.width, dtype)

    def step_forward(self, carry, time, action):
        return self.form(carry.values.dtype).step_forward(carry, jnp.asarray(time), *action)

    def start_backward(self, action, steps):
        return self.form(action.value.dtype).start_backward(*action, jnp.asarray(steps))

    def step_backward(self, carry, time, read_cotangent):
        carry, cotangents = self.form(carry.values.dtype).step_backward(carry, time, read_cotangent)
        return carry, Action(*cotangents)

    def form(self, dtype: DTypeLike) -> ModuleType:
        """Return the module that computes with values of a dtype: six functions of one sequence."""
        return kernels.stack if self.kernel and dtype in (jnp.float32, jnp.float64) else interval
