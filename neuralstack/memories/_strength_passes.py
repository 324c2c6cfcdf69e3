"""Whole sequences of a memory with one end: by C++ kernels where they can be used, else in pure JAX."""

from types import ModuleType

import equinox as eqx
import jax.numpy as jnp
from jax.typing import DTypeLike

from neuralstack.memories._base import AbstractPasses, Action


class StrengthPasses(AbstractPasses):
    """The passes of a memory of some width, whose arithmetic is a module of six functions of one sequence."""

    width: int = eqx.field(static=True)
    plain: ModuleType = eqx.field(static=True)
    """The arithmetic in pure JAX."""
    kernel: ModuleType | None = eqx.field(static=True)
    """The arithmetic in C++, for values of float32 and float64."""

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
        """Return the module that computes with values of a dtype."""
        return self.kernel if self.kernel and dtype in (jnp.float32, jnp.float64) else self.plain
