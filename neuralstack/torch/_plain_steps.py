"""The strength memories one step at a time, in plain PyTorch, for any device and with every derivative.

A state refers to what each step so far added, which never changes: states can be stepped from again and again. The
weights of a read are recomputed in its backward pass, so the space for a sequence grows with its length.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from neuralstack.torch._line import Edges, Line, amounts, step_line, unit_bits
from neuralstack.torch._plain import POPPED, TOP, block_reads, full_precision, recomputed


class PlainState(NamedTuple):
    """The memory of each sequence after some steps.

    Attributes:
        room: The number of steps that it has room for.
        exact: The line at each step so far, in units [4, batch].
        near: The same as numbers.
        values: The values of each step so far [batch, tracks, width].
        broken: The sequences that had a number that is not finite [batch].
    """

    room: int
    exact: tuple[Tensor, ...]
    near: tuple[Tensor, ...]
    values: tuple[Tensor, ...]
    broken: Tensor

    @property
    def batch(self) -> int:
        """The number of sequences."""
        return len(self.broken)

    @property
    def time(self) -> int:
        """The number of steps taken."""
        return len(self.values)


def plain_start(batch: int, steps: int, device: torch.device | str | None) -> PlainState:
    """Return the empty memory of each sequence."""
    return PlainState(steps, (), (), (), torch.zeros(batch, dtype=torch.bool, device=device))


def plain_step(memory: str, state: PlainState, push: Tensor, pop: Tensor, value: Tensor) -> tuple[PlainState, Tensor]:
    """Take a step; push and pop are [batch, tracks], value and reads [batch, tracks, width]."""
    given = push, pop, value
    finite = push.isfinite().all(-1) & pop.isfinite().all(-1) & value.isfinite().flatten(1).all(-1)
    broken = state.broken | ~finite
    push, pop, value = (torch.where(like(broken, part), 0.0, part) for part in given)
    with full_precision(push.device.type):
        line = next_line(memory, state, push, pop)
        exact, near = (torch.stack(parts) for parts in zip(*line, strict=True))
        state = PlainState(state.room, (*state.exact, exact), (*state.near, near), (*state.values, value), broken)
        read = recomputed(row_read, memory, unit_bits(state.room), state.time, *state.exact, *state.near, *state.values)
    # Zero but for broken sequences, where they are NaN, and so are their gradients.
    factor = torch.where(broken, torch.nan, 0.0)
    push, pop, value = (torch.where(like(broken, part), part, 0.0) * like(factor, part) for part in given)
    return state, torch.where(like(broken, read), 0.0, read) + (push + pop)[..., None] + value


def like(sequences: Tensor, part: Tensor) -> Tensor:
    """Return numbers or flags of each sequence [batch] with as many axes as an array has."""
    return sequences.reshape(-1, *[1] * (part.ndim - 1))


def next_line(memory: str, state: PlainState, push: Tensor, pop: Tensor) -> Line:
    """Return the ends of the line after a step; a stack and a queue are lines that use one of the ends only."""
    bits = unit_bits(state.room)
    if memory != "deque":
        none = torch.zeros_like(push)
        push = torch.cat([push, none], -1)
        pop = torch.cat([pop, none] if POPPED[memory] == (TOP,) else [none, pop], -1)
    if state.time:
        low, high = (Edges(state.exact[-1][end], state.near[-1][end]) for end in (2, 3))
    else:
        low = high = amounts(torch.zeros_like(push[:, 0]), bits)
    return step_line(low, high, amounts(push, bits), amounts(pop, bits))


def row_read(memory: str, bits: int, steps: int, *parts: Tensor) -> Tensor:
    """Return the reads after some steps, given the line and the values of each."""
    exact, near = (torch.stack(parts[first : first + steps], 2) for first in (0, steps))
    values = torch.stack(parts[2 * steps :], 1)
    positions = [part for pair in zip(exact, near, strict=True) for part in pair]
    return block_reads(memory, bits, steps - 1, values, *positions).squeeze(1)
