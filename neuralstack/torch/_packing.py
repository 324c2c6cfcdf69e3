"""Sequences that are laid end to end in the rows of a batch, taken apart and put together again."""

from collections.abc import Callable

import torch
from torch import Tensor

from neuralstack.torch._loop import before


def run_apart(run: Callable[[Tensor, Tensor], Tensor], inputs: Tensor, starts: Tensor) -> Tensor:
    """Run each sequence of packed rows by itself.

    Sequences of similar length are run as one batch: their lengths differ by less than a factor of two, so that at most
    as many steps are added as there are.

    Args:
        run: A function from inputs `[sequences, steps, width]` and their lengths to outputs of the same steps.
        inputs: The rows, `[batch, steps, width]`.
        starts: Whether each step is the first one of a sequence, `[batch, steps]`; the first of a row always is.

    Raises:
        ValueError: If the starts are not booleans, one for each step.

    Examples:
        >>> rows, starts = torch.ones(1, 5, 1), torch.tensor([[True, False, True, False, False]])
        >>> run_apart(lambda inputs, lengths: inputs.cumsum(1), rows, starts)[0, :, 0].tolist()
        [1.0, 2.0, 1.0, 2.0, 3.0]
    """
    if starts.dtype != torch.bool or starts.shape != inputs.shape[:2]:
        raise ValueError(
            f"starts must be booleans of shape {list(inputs.shape[:2])}, one for each step, got {starts.dtype} of "
            f"shape {list(starts.shape)}."
        )
    flat, starts = inputs.flatten(0, 1), starts.clone()
    starts[:, :1] = True
    first = starts.flatten().nonzero()[:, 0]
    lengths = torch.diff(first, append=first.new_tensor([len(flat)]))
    kinds = torch.log2(lengths.double()).floor().long()
    outputs, places = [], []
    for kind in kinds.unique().tolist():
        chosen = kinds == kind
        own = lengths[chosen]
        steps = torch.arange(int(own.max()), device=own.device)
        index = first[chosen][:, None] + steps
        valid = steps < own[:, None]
        rows = before(own, flat[index.clamp(max=len(flat) - 1)])
        outputs.append(run(rows, own)[valid])
        places.append(index[valid])
    order = torch.cat(places).argsort()
    return torch.cat(outputs)[order].unflatten(0, inputs.shape[:2])
