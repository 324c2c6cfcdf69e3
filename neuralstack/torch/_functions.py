"""The reads of whole sequences by the kernels, differentiable by autograd and by `torch.func`."""

from typing import Any

import torch
from torch import Tensor

from neuralstack.torch import _operators as operators


def kernel_reads(memory: str, push: Tensor, pop: Tensor, values: Tensor, lengths: Tensor) -> Tensor:
    """Return every read of a batch of sequences; the arguments are those of `strength_reads`."""
    # Without a transformation by `torch.func`, the operator alone does it, at less than half of the cost of a call.
    if torch.compiler.is_compiling() or not torch._C._are_functorch_transforms_active():
        return operators.strength_reads(memory, push, pop, values, lengths)
    return Reads.apply(memory, push, pop, values, lengths)


class Reads(torch.autograd.Function):
    """The operator `strength_reads`."""

    @staticmethod
    def forward(memory: str, *parts: Tensor) -> Tensor:
        """Return the reads."""
        return operators.strength_reads(memory, *parts)

    setup_context = staticmethod(operators.keep_inputs)

    @staticmethod
    def backward(ctx: Any, *read_cotangents: Tensor) -> tuple[Tensor | None, ...]:
        """Return the cotangents of the inputs."""
        return None, *Cotangents.apply(ctx.memory, *ctx.saved_tensors, *read_cotangents), None

    jvp = staticmethod(operators.refuse)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *given: Any) -> tuple[Tensor, int]:
        """Return the reads of all sequences, by one call."""
        reads = Reads.apply(given[0], *operators.fold(info.batch_size, in_dims[1:], given[1:]))
        return reads.unflatten(0, (info.batch_size, -1)), 0


class Cotangents(torch.autograd.Function):
    """The operator `strength_reads_backward`."""

    @staticmethod
    def forward(memory: str, *parts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the cotangents of push, pop and values."""
        return operators.strength_reads_backward(memory, *parts)

    setup_context = staticmethod(operators.keep_nothing)
    backward = jvp = staticmethod(operators.refuse)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *given: Any) -> tuple[tuple[Tensor, ...], Any]:
        """Return the cotangents for all sequences, by one call."""
        found = Cotangents.apply(given[0], *operators.fold(info.batch_size, in_dims[1:], given[1:]))
        return tuple(part.unflatten(0, (info.batch_size, -1)) for part in found), (0, 0, 0)
