"""A stack of vectors with discrete actions."""

from typing import NamedTuple

import torch
from torch import Tensor

from neuralstack.torch._finite import nan_elsewhere, only_defined, steps_before_nonfinite
from neuralstack.torch._loop import before
from neuralstack.torch._memory import AbstractMemory, Action
from neuralstack.torch._rounding import rounded
from neuralstack.torch._strength import STRENGTH_BIASES, quantize_strengths
from neuralstack.torch._validation import require_width


class HardState(NamedTuple):
    """The elements, bottom first, with room for one more than can be pushed; their number; and the top one."""

    values: Tensor
    height: Tensor
    top: Tensor


class HardStack(AbstractMemory):
    r"""The textbook stack: a neural stack with strengths of 0 and 1.

    A pop of 1 removes the top, if there is one; then a push of 1 puts the value on top; then the top is read, or 0 if
    there is none. A whole sequence needs no loop over its steps.

    `decode` rounds the strengths. In the backward pass, rounding is the identity (straight-through; Bengio et al.,
    2013), and the derivative of the read with respect to a strength is the difference that the other choice would have
    made to this read. Values have true gradients.

    Args:
        width: Width of the values.

    Raises:
        ValueError: If the width is below 1.

    Examples:
        >>> import torch, neuralstack.torch as nst
        >>> values = torch.tensor([[[5.0], [6.0], [0.0], [0.0]]])
        >>> nst.HardStack(1)(torch.tensor([[1.0, 1, 0, 0]]), torch.tensor([[0.0, 0, 1, 1]]), values)[0, :, 0].tolist()
        [5.0, 6.0, 5.0, 0.0]
    """

    def __init__(self, width: int):
        super().__init__()
        require_width("HardStack's values", width)
        self.width = width

    def extra_repr(self) -> str:
        return f"width={self.width}"

    @property
    def action_size(self):
        return 2 + self.width

    @property
    def gate_widths(self):
        return 1, 1

    @property
    def read_size(self):
        return self.width

    def decode(self, raw):
        gates = rounded(raw[..., :2].sigmoid())
        return Action(gates[..., 0], gates[..., 1], raw[..., 2:].tanh())

    def gates(self, action):
        return torch.stack([action.push, action.pop], -1)

    def quantize(self, action):
        return quantize_strengths(action)

    def initial_bias(self):
        return torch.tensor([*STRENGTH_BIASES, *[0.0] * self.width])

    def init(self, batch, steps, dtype=None, device=None):
        values = torch.zeros(batch, steps + 1, self.width, dtype=dtype, device=device)
        return HardState(values, torch.zeros(batch, dtype=torch.long, device=device), values[:, 0])

    def step(self, state, action):
        push, pop, value = (field.to(state.values.dtype) for field in action)
        push, pop = push[:, None], pop[:, None]
        sound = (torch.isfinite(push) & torch.isfinite(pop) & torch.isfinite(value)).all(-1, keepdim=True)
        sound = sound & ~state.top.isnan().any(-1, keepdim=True)
        kept = state.height - ((pop[:, 0] > 0.5) & (state.height > 0)).long()
        # A value that is not pushed is written above the top, where it is never read.
        place = kept.clamp(max=state.values.shape[1] - 1)
        values = state.values.scatter(1, _rows(place, self.width), value[:, None])
        below = values.gather(1, _rows((state.height - 2).clamp(min=0), self.width))[:, 0]
        below = torch.where(state.height[:, None] > 1, below, 0)
        top = torch.where(push > 0.5, value, torch.where(pop > 0.5, below, state.top))
        read = push * value + (1 - push) * (pop * below + (1 - pop) * state.top)
        top, read = (torch.where(sound, field, torch.nan) for field in (top, read))
        return HardState(values, kept + (push[:, 0] > 0.5).long(), top), read

    def run(self, action, lengths=None):
        defined = steps_before_nonfinite(action, lengths)
        push, pop, value = only_defined(defined, action)
        push, pop = push.to(value.dtype)[..., None], pop.to(value.dtype)[..., None]
        top, below = (_picked(value, places) for places in top_two(push[..., 0] > 0.5, pop[..., 0] > 0.5))
        reads = push * value + (1 - push) * (pop * below + (1 - pop) * top)
        return before(lengths, nan_elsewhere(defined, reads))

    def forward(self, push: Tensor, pop: Tensor, value: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the reads `[batch, steps, width]` of whole sequences.

        Args:
            push: Push strengths of 0 or 1, `[batch, steps]`.
            pop: Pop strengths of 0 or 1, `[batch, steps]`.
            value: The pushed values, `[batch, steps, width]`.
            lengths: Number of steps of each sequence, `[batch]`; reads after it are 0. Defaults to all steps.

        Raises:
            ValueError: If a shape does not fit, or a strength is neither 0 nor 1.
        """
        if push.ndim != 2 or pop.shape != push.shape or value.shape != (*push.shape, self.width):
            raise ValueError(
                f"HardStack takes push [batch, steps], pop [batch, steps], value [batch, steps, {self.width}]; got "
                f"push {list(push.shape)}, pop {list(pop.shape)}, value {list(value.shape)}."
            )
        for name, strength in (("push", push), ("pop", pop)):
            wrong = strength.detach()[(strength != 0) & (strength != 1) & ~strength.isnan()]
            if wrong.numel():
                raise ValueError(f"HardStack's {name} must be 0 or 1, got {wrong[0].item():g}.")
        return self.run(Action(push, pop, value), lengths)


def top_two(push: Tensor, pop: Tensor) -> tuple[Tensor, Tensor]:
    """Return the steps `[batch, steps]` that pushed the top element before each step and the one below it, or -1.

    The heights are those of a walk that cannot fall below 0. The element at a height is the latest one pushed to it.

    Examples:
        >>> push, pop = torch.tensor([[True, True, False, True]]), torch.tensor([[False, False, True, False]])
        >>> [places.tolist() for places in top_two(push, pop)]
        [[[-1, 0, 1, 0]], [[-1, -1, 0, -1]]]
    """
    steps = push.shape[1]
    walk = torch.stack([-pop.long(), push.long()], -1).flatten(1).cumsum(1)  # each step pops, then pushes
    height = (walk - walk.cummin(1).values.clamp(max=0))[:, 1::2] if steps else walk
    numbers = torch.arange(steps, device=push.device)
    never = (steps + 2) * (steps + 1)
    pushed = torch.where(push, height * (steps + 1) + numbers, never).sort(1).values
    held = torch.cat([torch.zeros_like(height[:, :1]), height[:, :-1]], 1)
    return _latest(pushed, held, numbers), _latest(pushed, held - 1, numbers)


def _latest(pushed: Tensor, level: Tensor, before: Tensor) -> Tensor:
    """Return the latest step before each one that pushed to a level, given the sorted pairs of level and step."""
    stride = pushed.shape[1] + 1
    place = torch.searchsorted(pushed, level * stride + before - 1, right=True) - 1
    step = pushed.gather(1, place.clamp(min=0)) - level * stride
    return torch.where(level > 0, step, -1)


def _picked(value: Tensor, places: Tensor) -> Tensor:
    """Return the values at the steps `[batch, steps]`, and 0 for -1."""
    index = places.clamp(min=0)[..., None].expand(-1, -1, value.shape[-1])
    return torch.where(places[..., None] >= 0, value.gather(1, index), 0)


def _rows(places: Tensor, width: int) -> Tensor:
    return places[:, None, None].expand(-1, 1, width)
