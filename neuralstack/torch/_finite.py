"""Numbers that are not finite: they make NaN of every read from their step on, and of the gradients there."""

from typing import Any

import torch
from torch import Tensor

from neuralstack.torch._trees import leaves, map_tree


def steps_before_nonfinite(action: Any, lengths: Tensor | None) -> Tensor:
    """Return which steps `[batch, steps]` precede the first one, within its sequence, with a number not finite."""
    finite = [torch.isfinite(leaf).flatten(2).all(-1) if leaf.ndim > 2 else torch.isfinite(leaf) for leaf in
              (leaf for _, leaf in leaves(action))]  # fmt: skip
    sound = torch.stack(finite).all(0)
    if lengths is not None:
        sound = sound | (torch.arange(sound.shape[1], device=sound.device) >= lengths[:, None])
    return sound.long().cummin(1).values.bool()


class _Defined(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(defined, tensor):
        return torch.where(defined, tensor, 0)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0])

    @staticmethod
    def backward(ctx, *grads):
        (defined,) = ctx.saved_tensors
        return None, torch.where(defined, grads[0], torch.nan)


def only_defined(defined: Tensor, action: Any) -> Any:
    """Return an action with zeros at the steps that are not defined, whose gradients are NaN."""
    return map_tree(lambda leaf: _Defined.apply(_aligned(defined, leaf), leaf), action)


def nan_elsewhere(defined: Tensor, reads: Tensor) -> Tensor:
    """Return the reads `[batch, steps, width]`, with NaN at the steps that are not defined."""
    return torch.where(_aligned(defined, reads), reads, torch.nan)


def _aligned(defined: Tensor, leaf: Tensor) -> Tensor:
    return defined[(..., *[None] * (leaf.ndim - 2))]
