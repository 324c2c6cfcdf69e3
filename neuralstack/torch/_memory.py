"""The contract of a memory in PyTorch, and the actions on it. The batch comes first everywhere."""

import abc
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn


class Action(NamedTuple):
    """An action on a memory with one end, at one step or at every step of a batch of sequences.

    Attributes:
        push: Push strengths in [0, 1], of shape [batch] or [batch, steps].
        pop: Pop strengths in [0, 1], of the same shape.
        value: The pushed vectors, of shape [batch, width] or [batch, steps, width].
    """

    push: Tensor
    pop: Tensor
    value: Tensor


class DequeAction(NamedTuple):
    """An action on a memory with two ends: an `Action` for each."""

    top: Action
    bottom: Action


class AbstractMemory(nn.Module, abc.ABC):
    """A differentiable data structure for a batch of sequences: a module without parameters, and without randomness.

    Machines and layers use what is declared here. Capacity is the number of steps, so no pushed element is ever lost.
    """

    @property
    @abc.abstractmethod
    def action_size(self) -> int:
        """Number of raw numbers that make an action."""

    @property
    @abc.abstractmethod
    def read_size(self) -> int:
        """Size of the vector that is read at each step."""

    @property
    def gate_widths(self) -> tuple[int, ...]:
        """Widths of the gates among the raw numbers of an action, in order; they come first. Defaults to none."""
        return ()

    @property
    def value_widths(self) -> tuple[int, ...]:
        """Widths of the values among the raw numbers, in order; they follow the gates. By default, one value."""
        rest = self.action_size - sum(self.gate_widths)
        return (rest,) if rest else ()

    @abc.abstractmethod
    def decode(self, raw: Tensor) -> Any:
        """Convert a controller's raw numbers [..., action_size] to an action."""

    @abc.abstractmethod
    def gates(self, action: Any) -> Tensor:
        """Return the numbers in an action that are 0 or 1 in the discrete memory [..., gates]."""

    def quantize(self, action: Any) -> Any:
        """Return an action with its gates rounded to those of the discrete memory. By default, there is none.

        Raises:
            TypeError: By default.
        """
        raise TypeError(f"{type(self).__name__} has no discrete actions.")

    @abc.abstractmethod
    def run(self, action: Any, lengths: Tensor | None = None) -> Tensor:
        """Return the reads of whole sequences [batch, steps, read_size], given the actions of all steps.

        Args:
            action: The actions; every array begins with the axes [batch, steps].
            lengths: Steps of each sequence [batch], if not all are taken. Later reads are 0.
        """

    @abc.abstractmethod
    def init(
        self, batch: int, steps: int, dtype: torch.dtype | None = None, device: torch.device | str | None = None
    ) -> Any:
        """Return the empty memory of each of `batch` sequences, with room for `steps` steps."""

    @abc.abstractmethod
    def step(self, state: Any, action: Any) -> tuple[Any, Tensor]:
        """Apply one action; return the new state and the reads [batch, read_size]."""

    def initial_bias(self) -> Tensor:
        """Return an initial bias for a machine's raw numbers with which it learns well. Defaults to zeros."""
        return torch.zeros(self.action_size)
