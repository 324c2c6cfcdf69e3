"""Rounding of the numbers that a quantized machine computes."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from neuralstack.torch._trees import map_tree

Rounding = Callable[[Any], Any]
"""A function that rounds the numbers in a nested tuple of tensors, or none of them."""


class _Rounded(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        whole = torch.trunc(x)
        return torch.where((x - whole).abs() >= 0.5, whole + torch.sign(x), whole)

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, *grads):
        return grads[0]


def rounded(x: Tensor) -> Tensor:
    """Round each number, halves away from 0; the gradient is that of the identity (Bengio et al., 2013).

    Examples:
        >>> rounded(torch.tensor([0.4, 0.5, -0.5, -1.7])).tolist()
        [0.0, 1.0, -1.0, -2.0]
    """
    return _Rounded.apply(x)  # pyright: ignore[reportReturnType]


def all_rounded(tree: Any) -> Any:
    """Round every number in a nested tuple of tensors."""
    return map_tree(rounded, tree)


def unrounded(tree: Any) -> Any:
    """Return the nested tuple itself."""
    return tree
