"""Memories whose elements are held with fractional strength: the choice of their form, for sequences and for steps."""

import abc
import warnings
from functools import cache
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor

from neuralstack import kernels
from neuralstack.torch._functions import kernel_reads
from neuralstack.torch._memory import AbstractMemory
from neuralstack.torch._operators import UNAVAILABLE
from neuralstack.torch._plain import plain_reads
from neuralstack.torch._plain_steps import PlainState, plain_start, plain_step
from neuralstack.torch._steps import KernelState, kernel_start, kernel_step
from neuralstack.torch._validation import (
    checked_lengths,
    computed_dtype,
    require_room,
    require_shapes,
    require_strengths,
    require_width,
    value_dtype,
)


class StrengthState(NamedTuple):
    """The memory of each sequence after some steps, and the dtype of the reads and the device, as given to `init`."""

    inner: KernelState | PlainState
    dtype: torch.dtype
    device: torch.device


class AbstractStrength(AbstractMemory):
    """The common part of stack, queue and DeQue: `reads = memory(push, pop, value, lengths=None)`."""

    kind: ClassVar[str]
    """Name of the kernels: `stack`, `queue` or `deque`."""
    ends: ClassVar[tuple[str, ...]] = ()
    """Name of the axis of ends, if the memory has one."""

    def __init__(self, width: int, kernel: bool | None = None):
        super().__init__()
        require_width(f"{type(self).__name__}'s values", width)
        if kernel and UNAVAILABLE:
            raise ValueError(
                f"kernel=True needs the C++ kernels, and {UNAVAILABLE}: install neuralstack again with a C++ compiler, "
                "or leave kernel out."
            )
        self.width, self.kernel = width, kernel

    @abc.abstractmethod
    def packed(self, action: Any) -> tuple[Tensor, Tensor, Tensor]:
        """Return push, pop and value of an action as `forward` takes them, without an axis of steps or with it."""

    def forward(self, push: Tensor, pop: Tensor, value: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return every read of a batch of sequences, of the shape and dtype of the values.

        Args:
            push: Push strengths in [0, 1].
            pop: Pop strengths in [0, 1].
            value: The pushed vectors.
            lengths: Steps of each sequence [batch], if not all are taken. Later reads are 0.

        Raises:
            TypeError: If an argument is not a tensor, or lengths are not integers.
            ValueError: If a shape does not fit, or a known number is outside of its range.
        """
        self.check(("batch", "steps", *self.ends), push, pop, value)
        lengths = checked_lengths(type(self).__name__, lengths, push)
        form = kernel_reads if self.uses_kernel(value.device) else plain_reads
        dtype = value.dtype if value.is_floating_point() else value_dtype(None)
        parts = (part.to(computed_dtype(dtype)) for part in (push, pop, value))
        push, pop, value = parts if self.ends else (part.unsqueeze(2) for part in parts)
        reads = form(self.kind, push, pop, value, lengths).to(dtype)
        return reads if self.ends else reads.squeeze(2)

    def run(self, action: Any, lengths: Tensor | None = None) -> Tensor:
        return self(*self.packed(action), lengths).flatten(2)

    def init(
        self, batch: int, steps: int, dtype: torch.dtype | None = None, device: torch.device | str | None = None
    ) -> StrengthState:
        dtype, device = value_dtype(dtype), torch.empty(0, device=device).device
        if self.uses_kernel(device) and not torch.compiler.is_compiling():  # which knows nothing of buffers
            state = kernel_start(self.kind, batch, steps, self.width, computed_dtype(dtype))
        else:
            state = plain_start(batch, steps, device)
        return StrengthState(state, dtype, device)

    def step(self, state: StrengthState, action: Any) -> tuple[StrengthState, Tensor]:
        inner, dtype, device = state
        parts = self.packed(action)
        self.check(("batch", *self.ends), *parts)
        require_room(type(self).__name__, inner.room, inner.time, (inner.batch, device), parts[0])
        parts = (part.to(computed_dtype(dtype)) for part in parts)
        parts = parts if self.ends else (part.unsqueeze(1) for part in parts)
        if isinstance(inner, KernelState):
            inner, read = kernel_step(inner, *parts)
        else:
            inner, read = plain_step(self.kind, inner, *parts)
        return state._replace(inner=inner), read.flatten(1).to(dtype)

    def check(self, axes: tuple[str, ...], push: Tensor, pop: Tensor, value: Tensor) -> None:
        """Check the shapes of an action, and its strengths.

        Raises:
            TypeError: If a part of it is not a tensor.
            ValueError: If a shape does not fit, or a known strength is outside of [0, 1].
        """
        name = type(self).__name__
        require_shapes(name, axes, self.width, {"push": push, "pop": pop, "value": value})
        require_strengths(f"{name}'s push", push)
        require_strengths(f"{name}'s pop", pop)

    def uses_kernel(self, device: torch.device) -> bool:
        """Return whether the C++ kernels are used on a device; warn once if they are missing there.

        Raises:
            ValueError: If they are required, by `kernel=True`, and there are none for the device.
        """
        if self.kernel and device.type != "cpu":
            raise ValueError(f"kernel=True needs tensors on the CPU, got some on {device}: leave kernel out.")
        if self.kernel is None and not torch.compiler.is_compiling():
            warn_if_slower(device.type)
        return self.kernel is not False and not UNAVAILABLE and device.type == "cpu"

    def extra_repr(self) -> str:
        """Return the options, for `print`."""
        return f"{self.width}" if self.kernel is None else f"{self.width}, kernel={self.kernel}"


@cache
def warn_if_slower(device: str) -> None:
    """Warn once for each kind of device that the slower form is used, unless the user disabled the kernels."""
    if device == "cpu" and not UNAVAILABLE:
        return
    reason = f"since {UNAVAILABLE}" if device == "cpu" else "which are for CPUs"
    if not kernels.are_switched_off():
        warnings.warn(
            f"the C++ kernels cannot be used on the device {device}, {reason}: plain PyTorch runs instead and gives "
            "the same numbers, slower. A memory with kernel=False runs it without this warning.",
            stacklevel=2,
        )
