"""The memories whose elements are held with fractional strength: stack, queue and DeQue (Grefenstette et al., 2015)."""

from typing import Any

import torch
from torch import Tensor

from neuralstack.torch._abstract_strength import AbstractStrength
from neuralstack.torch._memory import Action, DequeAction
from neuralstack.torch._validation import ENDS

STRENGTH_BIASES = 1.0, -1.0
"""Initial biases of the raw push and pop strengths.

If pops remove whatever was just pushed, the memory has no gradient, so machines start with strong pushes and weak pops.
"""
BOTTOM_BIASES = -3.0, -1.0
"""Those at the bottom of a DeQue, which thus starts as a line that grows at its top: both a stack and a queue."""


def quantize_strengths(action: Action) -> Action:
    """Round the strengths of an action to 0 or 1."""
    push, pop = ((strength >= 0.5).to(strength.dtype) for strength in (action.push, action.pop))
    return action._replace(push=push, pop=pop)


class AbstractOneEnd(AbstractStrength):
    """A memory whose action is an `Action`: a push strength, a pop strength and a value."""

    @property
    def action_size(self) -> int:
        return 2 + self.width

    @property
    def read_size(self) -> int:
        return self.width

    @property
    def gate_widths(self) -> tuple[int, ...]:
        return 1, 1

    def decode(self, raw: Tensor) -> Action:
        gates, value = raw.split([2, self.width], -1)  # whose gradient is cheaper than that of slices
        push, pop = gates.sigmoid().unbind(-1)
        return Action(push, pop, value.tanh())

    def gates(self, action: Action) -> Tensor:
        """Return the strengths of an action, in the order of its raw numbers."""
        return torch.stack([action.push, action.pop], -1)

    def quantize(self, action: Action) -> Action:
        """Round the strengths of an action to 0 or 1."""
        return quantize_strengths(action)

    def packed(self, action: Any) -> tuple[Tensor, Tensor, Tensor]:
        return Action(*action)

    def initial_bias(self) -> Tensor:
        return torch.tensor([*STRENGTH_BIASES, *[0.0] * self.width])


class NeuralStack(AbstractOneEnd):
    r"""A stack of vectors held with fractional strength (Grefenstette et al., 2015), for a batch of sequences.

    `reads = stack(push, pop, value, lengths=None)`: strengths [batch, steps], values and reads [batch, steps, width].
    In each step, the pop removes `pop` of strength from the top, the push adds `value` with the strength `push`, and
    the read is the mean of the topmost unit of strength, weighted by how much of each value is left. At ties, the
    gradient is the one towards a larger pop.

    On CPUs the C++ kernels are used if available: a step costs O(width) per element that is read or removed. Elsewhere
    it is plain PyTorch, with the same numbers; there a step costs O(steps x width). Both store what is linear in the
    steps. Reads have the dtype of the values; below float32, all is computed in float32. A number that is not finite
    makes every read from its own step on NaN, but none before, and likewise the gradient.

    Args:
        width: Width of the values, at least 1.
        kernel: Whether to use the C++ kernels. By default, they are used if available. The form in plain PyTorch has
            forward mode and higher derivatives, which the kernels do not have.

    Raises:
        ValueError: If the width is below 1, or `kernel` is True and the kernels are unavailable.

    Examples:
        >>> import torch
        >>> from neuralstack.torch import NeuralStack
        >>> push, pop = torch.tensor([[0.8, 0.5, 0.9]]), torch.tensor([[0.0, 0.1, 0.9]])
        >>> value = torch.tensor([[[1.0], [2.0], [3.0]]])
        >>> NeuralStack(width=1)(push, pop, value).flatten()
        tensor([0.8000, 1.5000, 2.8000])
    """

    kind = "stack"


class NeuralQueue(AbstractOneEnd):
    r"""A queue of vectors held with fractional strength (Grefenstette et al., 2015), for a batch of sequences.

    Called like a `NeuralStack`: values are pushed at its back, popped and read at its front. Cost, kernels, dtypes,
    options and the effect of numbers that are not finite are the same too.

    Examples:
        >>> import torch
        >>> from neuralstack.torch import NeuralQueue
        >>> push, pop = torch.tensor([[0.8, 0.5, 0.9]]), torch.tensor([[0.0, 0.1, 0.9]])
        >>> value = torch.tensor([[[1.0], [2.0], [3.0]]])
        >>> NeuralQueue(width=1)(push, pop, value).flatten()
        tensor([0.8000, 1.3000, 2.7000])
    """

    kind = "queue"


class NeuralDeque(AbstractStrength):
    r"""A double-ended queue of vectors held with fractional strength, for a batch of sequences.

    Both ends are pushed, popped and read (Grefenstette et al., 2015). Arrays have an axis of ends after that of steps,
    the top first: strengths [batch, steps, 2], values and reads [batch, steps, 2, width]. Cost, kernels, dtypes,
    options and the effect of numbers that are not finite are as for `NeuralStack`.

    Examples:
        Pushed on top, popped and read at the bottom, it is a queue:

        >>> import torch
        >>> from neuralstack.torch import NeuralDeque
        >>> push = torch.tensor([[[0.8, 0.0], [0.5, 0.0], [0.9, 0.0]]])
        >>> pop = torch.tensor([[[0.0, 0.0], [0.0, 0.1], [0.0, 0.9]]])
        >>> value = torch.tensor([[[[1.0], [0.0]], [[2.0], [0.0]], [[3.0], [0.0]]]])
        >>> NeuralDeque(width=1)(push, pop, value)[..., 1, 0]
        tensor([[0.8000, 1.3000, 2.7000]])
    """

    kind = "deque"
    ends = (ENDS,)

    @property
    def action_size(self) -> int:
        return 4 + 2 * self.width

    @property
    def read_size(self) -> int:
        return 2 * self.width

    @property
    def gate_widths(self) -> tuple[int, ...]:
        return 1, 1, 1, 1

    @property
    def value_widths(self) -> tuple[int, ...]:
        return self.width, self.width

    def decode(self, raw: Tensor) -> DequeAction:
        gates, top, bottom = raw.split([4, self.width, self.width], -1)
        push_top, pop_top, push_bottom, pop_bottom = gates.sigmoid().unbind(-1)
        return DequeAction(Action(push_top, pop_top, top.tanh()), Action(push_bottom, pop_bottom, bottom.tanh()))

    def gates(self, action: DequeAction) -> Tensor:
        """Return the strengths of an action, in the order of its raw numbers."""
        return torch.stack([action.top.push, action.top.pop, action.bottom.push, action.bottom.pop], -1)

    def quantize(self, action: DequeAction) -> DequeAction:
        """Round the strengths of an action to 0 or 1."""
        return DequeAction(*map(quantize_strengths, action))

    def packed(self, action: Any) -> tuple[Tensor, Tensor, Tensor]:
        top, bottom = action
        push, pop, value = zip(top, bottom, strict=True)
        return torch.stack(push, -1), torch.stack(pop, -1), torch.stack(value, -2)

    def initial_bias(self) -> Tensor:
        return torch.tensor([*STRENGTH_BIASES, *BOTTOM_BIASES, *[0.0] * (2 * self.width)])
