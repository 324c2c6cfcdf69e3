"""The reads of whole sequences in plain PyTorch, for any device and with every derivative.

The reads of a block of steps are one matrix of weights times the values, as in attention. Only one block of weights is
stored at a time: the backward pass recomputes them, so space grows with the length, and time with its square.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad
from torch.utils.checkpoint import checkpoint

from neuralstack.torch._line import LINES, Edges, Line, amounts, choose, unit_bits

TOP, BOTTOM = "top", "bottom"
PUSHED = {"stack": (TOP,), "queue": (TOP,), "deque": (TOP, BOTTOM)}
"""The ends at which each memory is pushed, by track."""
POPPED = {"stack": (TOP,), "queue": (BOTTOM,), "deque": (TOP, BOTTOM)}
"""The ends at which each memory is popped and read, by track."""
COLUMNS = slice(None), None, slice(None)
BLOCK = 2**20  # read weights of a batch that are stored at once
NEVER = 2**61  # beyond every position


def plain_reads(memory: str, push: Tensor, pop: Tensor, values: Tensor, lengths: Tensor) -> Tensor:
    """Return every read of a batch of sequences; the arguments are those of `strength_reads`.

    From the first step on whose action contains a number that is not finite, reads and gradients are NaN.
    """
    given = push, pop, values
    within = torch.arange(push.shape[1], device=push.device) < lengths[:, None]
    finite = push.isfinite().all(-1) & pop.isfinite().all(-1) & values.isfinite().flatten(2).all(-1)
    broken = ((~finite & within).to(torch.int32).cumsum(1) > 0) & within
    with full_precision(push.device.type):
        reads = finite_reads(memory, *(chosen(part, within & ~broken) for part in given))
    # Zero but for broken steps, where they are NaN, and so are their gradients.
    push, pop, values = (chosen(part, broken) * like(torch.where(broken, torch.nan, 0.0), part) for part in given)
    return chosen(reads, within & ~broken) + (push + pop)[..., None] + values


def full_precision(device: str) -> AbstractContextManager:
    """Return a context in which autocasting does not lower the precision."""
    return torch.autocast(device, enabled=False) if torch.amp.is_autocast_available(device) else nullcontext()


def like(steps: Tensor, part: Tensor) -> Tensor:
    """Return numbers or flags of each step [batch, steps] with as many axes as an array has."""
    return steps.reshape(*steps.shape, *[1] * (part.ndim - 2))


def chosen(part: Tensor, steps: Tensor) -> Tensor:
    """Return an array with zeros in place of all but the chosen steps [batch, steps]."""
    return torch.where(like(steps, part), part, 0.0)


def finite_reads(memory: str, push: Tensor, pop: Tensor, values: Tensor) -> Tensor:
    """Return every read of a batch of sequences of finite numbers."""
    batch, steps, tracks = push.shape
    bits = unit_bits(steps)
    line = LINES[memory](amounts(push, bits), amounts(pop, bits)) if steps else None
    rows = max(8, BLOCK // max(1, batch * steps * tracks))
    reads = [values[:, :0]]
    for first in range(0, steps, rows):
        last = min(first + rows, steps)
        reads.append(recomputed(block_reads, memory, bits, first, values[:, :last], *flat(line, last)))
    return torch.cat(reads, 1)


def flat(line: Line | None, last: int) -> list[Tensor]:
    """Return the positions of the first `last` steps, as single tensors."""
    return [part[:, :last] for edges in line or () for part in edges]


def recomputed(function: Callable[..., Tensor], *arguments: Any) -> Tensor:
    """Call a function of tensors whose backward pass calls it again, so that it need not keep anything else.

    Derivatives by `torch.func` do not support that: they keep everything.
    """
    tensors = [argument for argument in arguments if isinstance(argument, Tensor)]
    if not (torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)):
        return function(*arguments)
    if not torch.compiler.is_compiling() and any(torch.func.debug_unwrap(tensor) is not tensor for tensor in tensors):
        return function(*arguments)
    return checkpoint(function, *arguments, use_reentrant=False, preserve_rng_state=False)


def block_reads(memory: str, bits: int, first: int, values: Tensor, *positions: Tensor) -> Tensor:
    """Return the reads of the steps from `first` on, up to the last of these values and positions.

    Arrays are turned so that the latest step comes first: then the pops since a step are a prefix.
    """
    pairs = zip(positions[::2], positions[1::2], strict=True)
    line, ends = Line(*(Edges(*pair).flip() for pair in pairs)), POPPED[memory]
    count, steps = values.shape[1] - first, values.shape[1]
    seen = torch.ones(count, steps, dtype=torch.bool, device=values.device).triu()
    cut_high = lowest_since(line.cut_high, seen) if TOP in ends else None
    cut_low = -lowest_since(-line.cut_low, seen) if BOTTOM in ends else None
    reads = []
    for end in ends:
        weights = []
        for side in PUSHED[memory]:
            bottoms, tops = (line.cut_high, line.high) if side == TOP else (line.low, line.cut_low)
            alive, bottoms, tops = clipped(bottoms.at(COLUMNS), tops.at(COLUMNS), cut_low, cut_high)
            last = (line.high if end == TOP else line.low).at((slice(None), slice(count), None))
            if end == BOTTOM:  # seen from below, the line is the same upside down
                bottoms, tops, last = -tops, -bottoms, -last
            weights.append(torch.where(alive & seen, overlap(bottoms, tops, last, bits), 0.0).to(values.dtype))
        reads.append(torch.cat(weights, -1) @ values.flip(1).movedim(2, 1).flatten(1, 2))
    return torch.stack(reads, 2).flip(1)


def lowest_since(levels: Edges, seen: Tensor) -> Edges:
    """Return the lowest level after each step, of those that a row sees; of equal ones, the latest.

    Args:
        levels: The levels of all steps [batch, steps], the latest first.
        seen: Which of them each row sees [rows, steps].

    Returns:
        The lowest levels [batch, rows, steps]; beyond every position where there is none.
    """
    exact = torch.where(seen, levels.exact[:, None], NEVER)
    is_lower = exact < pad(exact.cummin(-1).values, (1, -1), value=NEVER)
    numbers = torch.arange(exact.shape[-1], device=exact.device)
    lowest = torch.where(is_lower, numbers, 0).cummax(-1).values
    found = Edges(exact.gather(-1, lowest), levels.near[:, None].expand(exact.shape).gather(-1, lowest))
    return Edges(pad(found.exact, (1, -1), value=NEVER), pad(found.near, (1, -1)))


def clipped(
    bottoms: Edges, tops: Edges, cut_low: Edges | None, cut_high: Edges | None
) -> tuple[Tensor | bool, Edges, Edges]:
    """Return which elements are left, and the edges of those, clipped to the levels since they were pushed.

    An edge exactly at a level counts as clipped. An element whose edges are both clipped to one level is gone. One of
    strength 0 that no pop has reached is still there: more of it would be read.
    """
    alive = True
    if cut_high is not None:
        alive = cut_high.exact > bottoms.exact
    if cut_low is not None:
        alive = alive & (tops.exact > cut_low.exact)
    if cut_low is not None and cut_high is not None:
        alive = alive & (cut_high.exact > cut_low.exact)
    if cut_high is not None:
        tops = choose(cut_high.exact <= tops.exact, cut_high, tops)
    if cut_low is not None:
        bottoms = choose(cut_low.exact >= bottoms.exact, cut_low, bottoms)
    return alive, bottoms, tops


def overlap(bottoms: Edges, tops: Edges, end: Edges, bits: int) -> Tensor:
    """Return how much of each element lies in the window of length 1 below the end of the line.

    An edge exactly at the bottom of the window counts as inside.
    """
    floor = Edges(end.exact - 2**bits, end.near - 1)
    lows = torch.where(bottoms.exact >= floor.exact, bottoms.near, floor.near)
    return torch.where(tops.exact >= floor.exact, tops.near - lows, 0.0)
