"""The superposition stack of Joulin & Mikolov (2015)."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from neuralstack.torch._loop import run_by_steps
from neuralstack.torch._memory import AbstractMemory


class MixedAction(NamedTuple):
    """An action that mixes several operations, each with a weight.

    Attributes:
        operation: Weights of push, pop and no-op along the last axis, which add up to 1.
        value: The pushed vector.
    """

    operation: Tensor
    value: Tensor


class SuperpositionStack(AbstractMemory):
    r"""Stacks that mix push, pop and no-op at every step (Joulin & Mikolov, 2015).

    With $a$ the weights of push, pop and no-op, which add up to 1, and cell 0 the top:

    $s_t[i] = a^{push} s_{t-1}[i-1] + a^{pop} s_{t-1}[i+1] + a^{noop} s_{t-1}[i]$, where $s_{t-1}[-1]$ is the pushed
    value. The top `depth_read` cells are read, and a cell that was never pushed holds `empty`.

    A step costs O(stacks x steps x width).

    Args:
        width: Width of the values.
        stacks: Number of stacks, each with its own actions and values; their reads are concatenated.
        depth_read: Number of cells of each stack that are read, from the top down.
        empty: Content of a cell that was never pushed.

    Raises:
        ValueError: If a size is below 1.

    Examples:
        With weights of 0 and 1 it is a list:

        >>> import torch, neuralstack.torch as nst
        >>> push, pop = [[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]]
        >>> values = torch.tensor([0.2, 0.7, 0.0, 0.0]).reshape(1, 4, 1, 1)
        >>> reads = nst.SuperpositionStack(1)(torch.tensor([[push, push, pop, pop]]), values)
        >>> print(reads[0, :, 0].round(decimals=3).tolist())
        [0.2, 0.7, 0.2, -1.0]
    """

    def __init__(self, width: int, stacks: int = 1, depth_read: int = 1, empty: float = -1.0):
        super().__init__()
        if min(width, stacks, depth_read) < 1:
            raise ValueError(
                f"a superposition stack's sizes must be at least 1, got {width=}, {stacks=}, {depth_read=}."
            )
        self.width, self.stacks, self.depth_read, self.empty = width, stacks, depth_read, empty

    def extra_repr(self) -> str:
        return f"width={self.width}, stacks={self.stacks}, depth_read={self.depth_read}, empty={self.empty}"

    @property
    def action_size(self):
        return self.stacks * (3 + self.width)

    @property
    def gate_widths(self):
        return (3,) * self.stacks

    @property
    def value_widths(self):
        return (self.width,) * self.stacks

    @property
    def read_size(self):
        return self.stacks * self.depth_read * self.width

    def decode(self, raw):
        operation = raw[..., : 3 * self.stacks].unflatten(-1, (self.stacks, 3)).softmax(-1)
        value = raw[..., 3 * self.stacks :].unflatten(-1, (self.stacks, self.width)).sigmoid()
        return MixedAction(operation, value)

    def gates(self, action):
        return action.operation.flatten(-2)

    def quantize(self, action):
        weights = action.operation.detach()
        return action._replace(operation=one_hot(weights.argmax(-1), 3).to(weights.dtype))

    def init(self, batch, steps, dtype=None, device=None):
        shape = batch, self.stacks, max(steps, self.depth_read), self.width
        return torch.full(shape, self.empty, dtype=dtype, device=device)

    def step(self, state, action):
        operation, value = action
        push, pop, stay = operation.to(state.dtype)[..., None, None].unbind(-3)
        down = torch.cat([value[..., None, :].to(state.dtype), state[..., :-1, :]], -2)
        up = torch.cat([state[..., 1:, :], torch.full_like(state[..., :1, :], self.empty)], -2)
        cells = push * down + pop * up + stay * state
        return cells, cells[..., : self.depth_read, :].flatten(-3)

    def run(self, action, lengths=None):
        return run_by_steps(self, action, lengths)

    def forward(self, operation: Tensor, value: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the reads `[batch, steps, stacks * depth_read * width]` of whole sequences.

        Args:
            operation: Weights of push, pop and no-op, `[batch, steps, stacks, 3]`.
            value: The pushed values, `[batch, steps, stacks, width]`.
            lengths: Number of steps of each sequence, `[batch]`; reads after it are 0. Defaults to all steps.

        Raises:
            ValueError: If a shape does not fit, or the weights do not add up to 1.
        """
        wanted = self.stacks, self.width
        if operation.ndim != 4 or operation.shape[2:] != (self.stacks, 3) or value.shape != (
            *operation.shape[:2], *wanted,
        ):  # fmt: skip
            raise ValueError(
                f"SuperpositionStack takes operation [batch, steps, {self.stacks}, 3], value [batch, steps, "
                f"{self.stacks}, {self.width}]; got operation {list(operation.shape)}, value {list(value.shape)}."
            )
        total = operation.detach().double().sum(-1)
        if not torch.allclose(total, torch.ones_like(total), atol=max(1e-3, 4 * torch.finfo(operation.dtype).eps)):
            worst = total.flatten()[(total - 1).abs().argmax()].item()
            raise ValueError(f"the weights of push, pop and no-op must add up to 1, got {worst:g}.")
        return self.run(MixedAction(operation, value), lengths)
