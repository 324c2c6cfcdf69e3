"""Whole sequences, step by step, with gradients in less space than all states take."""

from typing import Any

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from neuralstack.torch._memory import AbstractMemory
from neuralstack.torch._trees import at_step, leaves, stack_steps


def run_by_steps(memory: AbstractMemory, action: Any, lengths: Tensor | None = None) -> Tensor:
    """Apply the actions of whole sequences to empty memories, one step at a time; return every read.

    For gradients, only the states at the beginnings of blocks of steps are stored, and the others are computed again in
    the backward pass: the number of stored states grows with the square root of the length.
    """
    value = [leaf for _, leaf in leaves(action)][-1]
    batch, steps = value.shape[:2]
    state, reads = memory.init(batch, steps, value.dtype, value.device), []
    block = max(1, round(steps**0.5)) if torch.is_grad_enabled() else steps
    for start in range(0, steps, block):
        number = min(block, steps - start)
        if number == steps:
            state, read = _run_block(memory, state, action, start, number)
        else:
            state, read = checkpoint(
                _run_block, memory, state, action, start, number, use_reentrant=False, preserve_rng_state=False
            )
        reads.append(read)
    return before(lengths, torch.cat(reads, 1)) if reads else value.new_zeros(batch, 0, memory.read_size)


def _run_block(memory: AbstractMemory, state: Any, action: Any, start: int, number: int) -> tuple[Any, Tensor]:
    reads = []
    for step in range(start, start + number):
        state, read = memory.step(state, at_step(action, step))
        reads.append(read)
    return state, stack_steps(reads)


def before(lengths: Tensor | None, reads: Tensor) -> Tensor:
    """Return the reads `[batch, steps, width]`, with zeros after each sequence's length."""
    if lengths is None:
        return reads
    steps = torch.arange(reads.shape[1], device=reads.device)
    return torch.where((steps < lengths[:, None])[..., None], reads, 0)
