"""The operators `neuralstack::strength_reads` and `neuralstack::strength_reads_backward`: whole sequences on CPUs.

They work on float32 or float64 numbers. Values that lie time first, as PyTorch's recurrent networks leave them, are
worked on as they lie, and so are the results. Autograd, `vmap` and `torch.compile` know them: `vmap` folds its axis
into the batch, so one call does all the work. Derivatives by `torch.func` need an `autograd.Function` of their own
(`_functions.py`), since those that PyTorch makes for custom operators do not support them.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, library

from neuralstack.torch import _kernel

UNAVAILABLE = _kernel.why_unavailable()
"""Why the kernels cannot be used in this process, or an empty string."""

REFUSAL = (
    "neuralstack's C++ kernels have neither second derivatives nor forward mode: create the memory with kernel=False, "
    "for example neuralstack.torch.NeuralStack(width, kernel=False), to get the form in plain PyTorch, which has both."
)


def layout(values: Tensor) -> Callable[[Tensor], Tensor]:
    """Return the function that lays out arrays [batch, steps, tracks, ...] as the kernels take them beside some values.

    That is one sequence after the other or, if the values lie so, time first; what lies so already is not copied.
    """
    is_time_first = not values.is_contiguous() and values.movedim(0, 2).is_contiguous()
    return (lambda part: part.movedim(0, 2).contiguous().movedim(2, 0)) if is_time_first else Tensor.contiguous


@library.custom_op("neuralstack::strength_reads", mutates_args=(), device_types="cpu")
def strength_reads(memory: str, push: Tensor, pop: Tensor, values: Tensor, lengths: Tensor) -> Tensor:
    """Return every read of a batch of sequences.

    Args:
        memory: `stack`, `queue` or `deque`.
        push: Push strengths [batch, steps, tracks]; a DeQue has two tracks, top and bottom, the others one.
        pop: Pop strengths, of the same shape.
        values: The pushed vectors [batch, steps, tracks, width].
        lengths: Steps of each sequence [batch], int32; later reads are 0.

    Returns:
        The reads [batch, steps, tracks, width].
    """
    laid_out = layout(values)
    given = [lengths.contiguous(), *map(laid_out, (push, pop, values))]
    reads = laid_out(torch.empty_like(values))
    _kernel.call("forward", memory, reads, [*given, reads], threads=_kernel.threads_for(reads))
    return reads


@library.custom_op("neuralstack::strength_reads_backward", mutates_args=(), device_types="cpu")
def strength_reads_backward(
    memory: str, push: Tensor, pop: Tensor, values: Tensor, lengths: Tensor, read_cotangents: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the cotangents of push, pop and values, given those of the reads."""
    laid_out = layout(values)
    given = [lengths.contiguous(), *map(laid_out, (push, pop, values, read_cotangents))]
    found = [laid_out(torch.empty_like(part)) for part in given[1:4]]
    _kernel.call("backward", memory, found[-1], [*given, *found], threads=_kernel.threads_for(found[-1]))
    return found[0], found[1], found[2]


@strength_reads.register_fake
def _(memory: str, push: Tensor, pop: Tensor, values: Tensor, lengths: Tensor) -> Tensor:
    return layout(values)(torch.empty_like(values))


@strength_reads_backward.register_fake
def _(
    memory: str, push: Tensor, pop: Tensor, values: Tensor, lengths: Tensor, read_cotangents: Tensor
) -> tuple[Tensor, ...]:
    return tuple(layout(values)(torch.empty_like(part)) for part in (push, pop, values))


def keep_inputs(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    """Keep what the backward pass needs: the reads are recomputed, so only the inputs."""
    ctx.memory = inputs[0]
    ctx.save_for_backward(*inputs[1:])


def keep_nothing(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    """Keep nothing: there is no second derivative."""


def refuse(ctx: Any, *cotangents: Tensor) -> None:
    """Refuse a derivative that there is not."""
    raise RuntimeError(REFUSAL)


def _backward(ctx: Any, read_cotangents: Tensor) -> tuple[Tensor | None, ...]:
    return None, *strength_reads_backward(ctx.memory, *ctx.saved_tensors, read_cotangents), None


strength_reads.register_autograd(_backward, setup_context=keep_inputs)
strength_reads_backward.register_autograd(refuse, setup_context=keep_nothing)


def fold(size: int, axes: tuple[int | None, ...], parts: tuple[Tensor, ...]) -> list[Tensor]:
    """Fold the axis of a `vmap` into the batch of each argument; one without the axis is repeated."""
    mapped = [
        part.expand(size, *part.shape) if axis is None else part.movedim(axis, 0)
        for axis, part in zip(axes, parts, strict=True)
    ]
    return [part.flatten(0, 1) for part in mapped]


@strength_reads.register_vmap
def _(info: Any, axes: tuple[int | None, ...], memory: str, *parts: Tensor) -> tuple[Tensor, int]:
    reads = strength_reads(memory, *fold(info.batch_size, axes[1:], parts))
    return reads.unflatten(0, (info.batch_size, -1)), 0


@strength_reads_backward.register_vmap
def _(info: Any, axes: tuple[int | None, ...], memory: str, *parts: Tensor) -> tuple[tuple[Tensor, ...], Any]:
    found = strength_reads_backward(memory, *fold(info.batch_size, axes[1:], parts))
    return tuple(part.unflatten(0, (info.batch_size, -1)) for part in found), (0, 0, 0)
