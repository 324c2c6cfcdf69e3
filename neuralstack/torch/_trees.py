"""Nested tuples of tensors, such as the states of controllers and the actions of memories."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor


def map_tree(function: Callable[..., Any], *trees: Any) -> Any:
    """Apply a function to the tensors in the same places of trees.

    Examples:
        >>> map_tree(lambda one, other: (one + other).item(), (torch.ones(1), ()), (torch.ones(1), ()))
        (2.0, ())
    """
    first = trees[0]
    if isinstance(first, Tensor):
        return function(*trees)
    members = [map_tree(function, *places) for places in zip(*trees, strict=True)]
    return type(first)(*members) if hasattr(first, "_fields") else tuple(members)


def leaves(tree: Any, name: str = "") -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors of a tree with the names of their places in it, such as `[0][1]`."""
    if isinstance(tree, Tensor):
        yield name, tree
    else:
        for number, member in enumerate(tree):
            yield from leaves(member, f"{name}[{number}]")


def stack_steps(trees: Sequence[Any]) -> Any:
    """Stack trees of tensors `[batch, ...]`, one for each step, to a tree of `[batch, steps, ...]`."""
    return map_tree(lambda *steps: torch.stack(steps, 1), *trees)


def at_step(tree: Any, step: int) -> Any:
    """Return one step of a tree of tensors `[batch, steps, ...]`."""
    return map_tree(lambda leaf: leaf[:, step], tree)
