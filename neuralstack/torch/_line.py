"""The line of the strength memories in plain PyTorch: where its ends are after every step.

Elements are intervals on a line, end to end (see `neuralstack/memories/strength/_interval.py`). A position is held
twice: as a whole number of tiny units, in which sums are exact, so that every comparison and every tie comes out right;
and as a floating-point number, which has the gradient. Pops are processed in closed form for the stack and the queue,
and in a loop over the steps for the DeQue. Whichever level an edge was clipped to, at a tie it is the level that clips.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor


class Edges(NamedTuple):
    """Positions on the line, in units and as differentiable numbers."""

    exact: Tensor
    near: Tensor

    def __add__(self, other: "Edges") -> "Edges":  # pyright: ignore[reportIncompatibleMethodOverride]
        return Edges(self.exact + other.exact, self.near + other.near)

    def __sub__(self, other: "Edges") -> "Edges":
        return Edges(self.exact - other.exact, self.near - other.near)

    def __neg__(self) -> "Edges":
        return Edges(-self.exact, -self.near)

    def at(self, index: Any) -> "Edges":
        """Return the positions at an index."""
        return Edges(self.exact[index], self.near[index])

    def flip(self) -> "Edges":
        """Return the positions of all steps, the latest first."""
        return Edges(self.exact.flip(1), self.near.flip(1))


class Line(NamedTuple):
    """The ends of the line after each step's pops, and after its pushes."""

    cut_low: Edges
    cut_high: Edges
    low: Edges
    high: Edges


def choose(condition: Tensor, one: Edges, other: Edges) -> Edges:
    """Return one position where a condition holds, and the other elsewhere."""
    return Edges(torch.where(condition, one.exact, other.exact), torch.where(condition, one.near, other.near))


def unit_bits(steps: int) -> int:
    """Return the number of bits behind the binary point, such that no position after this many steps overflows."""
    return min(52, 60 - int(2 * steps + 2).bit_length())


def amounts(strengths: Tensor, bits: int) -> Edges:
    """Return strengths as lengths on the line."""
    exact = (strengths.detach() * 2.0**bits).round().to(torch.int64)
    is_wide = strengths.device.type != "mps"  # which has no float64
    return Edges(exact, strengths.double() if is_wide else strengths)


def running_sum(lengths: Edges) -> Edges:
    """Return the sum of the lengths of all steps up to each."""
    return Edges(lengths.exact.cumsum(1), lengths.near.cumsum(1))


def running_floor(levels: Edges) -> Edges:
    """Return the lowest of 0 and all levels up to each step; of equal ones, the latest."""
    least = levels.exact.cummin(1).values
    times = torch.arange(least.shape[1], device=least.device)
    last = torch.where((levels.exact == least) & (least <= 0), times, -1).cummax(1).values
    near = torch.where(last >= 0, levels.near.gather(1, last.clamp(min=0)), 0.0)
    return Edges(least.clamp(max=0), near)


def stack_line(push: Edges, pop: Edges) -> Line:
    """Return the ends of a stack, which is pushed and popped at its upper end; the arguments are [batch, steps, 1]."""
    push, pop = push.at((..., 0)), pop.at((..., 0))
    levels = running_sum(push - pop) - push
    levels = levels - running_floor(levels)
    start = Edges(torch.zeros_like(levels.exact), torch.zeros_like(levels.near))
    return Line(start, levels, start, levels + push)


def queue_line(push: Edges, pop: Edges) -> Line:
    """Return the ends of a queue, which is pushed at its upper end and popped at its lower one."""
    push, pop = push.at((..., 0)), pop.at((..., 0))
    backs, wanted = running_sum(push), running_sum(pop)
    fronts = wanted + running_floor(backs - push - wanted)
    return Line(fronts, backs - push, fronts, backs)


def deque_line(push: Edges, pop: Edges) -> Line:
    """Return the ends of a DeQue; the arguments are [batch, steps, 2], with the upper end first."""
    zero = torch.zeros_like(push.near[:, 0, 0])
    low = high = Edges(zero.to(torch.int64), zero)
    taken = []
    for time in range(push.exact.shape[1]):
        step = step_line(low, high, push.at((slice(None), time)), pop.at((slice(None), time)))
        low, high = step.low, step.high
        taken.append(step)
    return Line(*(stacked(edges) for edges in zip(*taken, strict=True)))


def step_line(low: Edges, high: Edges, push: Edges, pop: Edges) -> Line:
    """Return the ends of a DeQue after one step, given those before it; a pop of exactly what is left empties it."""
    top, bottom = (pop.at((..., end)) for end in (0, 1))
    cut_high = choose((high - low).exact <= top.exact, low, high - top)
    cut_low = choose((cut_high - low).exact <= bottom.exact, cut_high, low + bottom)
    return Line(cut_low, cut_high, cut_low - push.at((..., 1)), cut_high + push.at((..., 0)))


def stacked(steps: tuple[Edges, ...]) -> Edges:
    """Return the positions of several steps [batch] as [batch, steps]."""
    return Edges(torch.stack([step.exact for step in steps], 1), torch.stack([step.near for step in steps], 1))


LINES = {"stack": stack_line, "queue": queue_line, "deque": deque_line}
