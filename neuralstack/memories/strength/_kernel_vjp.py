"""Passes over whole sequences for the strength memories by C++ kernels, where available."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import DTypeLike

from neuralstack import kernels
from neuralstack.kernels import strengths
from neuralstack.memories._actions import Action, DequeAction
from neuralstack.memories._sequence_vjp import AbstractSequenceVJP


class KernelVJP(AbstractSequenceVJP):
    """The passes of a memory by its kernels, or by the plain form if values are neither float32 nor float64."""

    memory: str = eqx.field(static=True)
    """Name of the kernels: `stack`, `queue` or `deque`."""
    width: int = eqx.field(static=True)
    plain: AbstractSequenceVJP

    @property
    def tracks(self) -> int:
        """Number of ends of the memory, each with an `Action`."""
        return 2 if self.memory == "deque" else 1

    def reads(self, action, steps):
        actions = pack(action)
        if not covers(actions.values.dtype):
            return self.plain.reads(action, steps)
        return strengths.reads(self.memory, actions, steps).reshape(len(actions.push), self.tracks * self.width)

    def reads_backward(self, action, steps, reads_cotangent):
        actions = pack(action)
        if not covers(actions.values.dtype):
            return self.plain.reads_backward(action, steps, reads_cotangent)
        cotangent = reads_cotangent.reshape(actions.values.shape)
        return unpack(strengths.reads_backward(self.memory, actions, steps, cotangent))

    def batch_reads(self, action, steps):
        actions = pack(action, batched=True)
        if not covers(actions.values.dtype):
            return super().batch_reads(action, steps)
        read = jnp.moveaxis(strengths.batch_reads(self.memory, actions, steps), 1, 2)
        return read.reshape(*read.shape[:2], self.tracks * self.width)

    def batch_reads_backward(self, action, steps, reads_cotangent):
        actions = pack(action, batched=True)
        if not covers(actions.values.dtype):
            return super().batch_reads_backward(action, steps, reads_cotangent)
        cotangent = reads_cotangent.reshape(*reads_cotangent.shape[:2], self.tracks, self.width)
        cotangent = jnp.moveaxis(cotangent, 2, 1)
        return unpack(strengths.batch_reads_backward(self.memory, actions, steps, cotangent), batched=True)

    def start_forward(self, steps, dtype):
        if not covers(dtype):
            return self.plain.start_forward(steps, dtype)
        return strengths.start_forward(self.memory, steps, self.tracks, self.width, dtype)

    def step_forward(self, carry, time, action):
        if not isinstance(carry, strengths.Forward):
            return self.plain.step_forward(carry, time, action)
        carry, read = strengths.step_forward(self.memory, carry, jnp.asarray(time), pack(action))
        return carry, read.ravel()

    def start_backward(self, action, steps):
        actions = pack(action)
        if not covers(actions.values.dtype):
            return self.plain.start_backward(action, steps)
        return strengths.start_backward(self.memory, actions, jnp.asarray(steps))

    def step_backward(self, carry, time, read_cotangent):
        if not isinstance(carry, strengths.Backward):
            return self.plain.step_backward(carry, time, read_cotangent)
        cotangent = read_cotangent.reshape(self.tracks, self.width)
        carry, cotangents = strengths.step_backward(self.memory, carry, time, cotangent)
        return carry, unpack(cotangents)


def covers(dtype: DTypeLike) -> bool:
    """Return whether there are kernels for values of a dtype."""
    return dtype in (jnp.float32, jnp.float64)


def pack(action: Any, *, batched: bool = False) -> strengths.Actions:
    """Return the actions at all ends of a memory, stacked along an axis of tracks, which that of a batch follows."""
    ends = [action] if isinstance(action, Action) else list(action)
    axis = ends[0].push.ndim - batched
    return strengths.Actions(*(jnp.stack(arrays, axis) for arrays in zip(*ends, strict=True)))


def unpack(actions: strengths.Actions, *, batched: bool = False) -> Any:
    """Return the action from which `pack` made these."""
    axis = actions.push.ndim - 1 - batched
    ends = [
        Action(*(jax.lax.index_in_dim(array, track, axis, keepdims=False) for array in actions))
        for track in range(actions.push.shape[axis])
    ]
    return ends[0] if len(ends) == 1 else DequeAction(*ends)


def require_kernel(kernel: bool | None) -> None:
    """Require available kernels if `kernel` is True.

    Raises:
        ValueError: If the kernels are unavailable.
    """
    if kernel and not kernels.are_available():
        raise ValueError(
            f"kernel=True needs the C++ kernels, and {kernels.why_unavailable()}: install neuralstack again with a C++ "
            "compiler, or leave kernel out."
        )


def kernel_or_interval_vjp(
    memory: str, width: int, plain: AbstractSequenceVJP, *, kernel: bool | None, portable: bool
) -> AbstractSequenceVJP:
    """Return the passes by kernels if these are available and not disabled, otherwise the plain ones."""
    if kernel is None:
        kernels.warn_if_unavailable()
    use_kernel = kernel is not False and kernels.are_available() and not portable
    return KernelVJP(memory, width, plain) if use_kernel else plain
