"""Several memories as one, no memory, and a memory with rounded actions."""

from typing import Any

import torch
from torch import Tensor, nn

from neuralstack.torch._memory import AbstractMemory


class CompositeMemory(AbstractMemory):
    """Several memories side by side, for one machine: two stacks, or a stack and a queue.

    An action is a tuple of their actions, a state a tuple of their states; reads are concatenated.

    Raises:
        ValueError: If no memory is given.

    Examples:
        >>> import torch, neuralstack.torch as nst
        >>> both = nst.CompositeMemory(nst.HardStack(2), nst.HardStack(3))
        >>> both.action_size, both.read_size
        (9, 5)
    """

    def __init__(self, *memories: AbstractMemory):
        super().__init__()
        if not memories:
            raise ValueError("CompositeMemory needs at least one memory, got none: give one, or use NoMemory().")
        self.memories = nn.ModuleList(memories)

    @property
    def members(self) -> list[Any]:
        """The memories."""
        return list(self.memories)

    @property
    def action_size(self):
        return sum(memory.action_size for memory in self.members)

    @property
    def gate_widths(self):
        return tuple(width for memory in self.members for width in memory.gate_widths)

    @property
    def value_widths(self):
        return tuple(width for memory in self.members for width in memory.value_widths)

    @property
    def read_size(self):
        return sum(memory.read_size for memory in self.members)

    def decode(self, raw):
        """Decode each memory's gates and values; the gates of all memories come first, their values last."""
        pieces = zip(*self._split(raw), strict=True)
        return tuple(memory.decode(torch.cat(piece, -1)) for memory, piece in zip(self.members, pieces, strict=True))

    def gates(self, action):
        return torch.cat([memory.gates(own) for memory, own in zip(self.members, action, strict=True)], -1)

    def quantize(self, action):
        return tuple(memory.quantize(own) for memory, own in zip(self.members, action, strict=True))

    def initial_bias(self):
        biases = [memory.initial_bias() for memory in self.members]
        gates = [sum(memory.gate_widths) for memory in self.members]
        parts = list(zip(biases, gates, strict=True))
        return torch.cat([bias[:gate] for bias, gate in parts] + [bias[gate:] for bias, gate in parts])

    def init(self, batch, steps, dtype=None, device=None):
        return tuple(memory.init(batch, steps, dtype, device) for memory in self.members)

    def step(self, state, action):
        steps = [memory.step(*both) for memory, *both in zip(self.members, state, action, strict=True)]
        states, reads = zip(*steps, strict=True)
        return states, torch.cat(reads, -1)

    def run(self, action, lengths=None):
        return torch.cat([memory.run(own, lengths) for memory, own in zip(self.members, action, strict=True)], -1)

    def _split(self, raw: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Return each memory's raw gates, and each one's raw values."""
        gates = [sum(memory.gate_widths) for memory in self.members]
        values = [sum(memory.value_widths) for memory in self.members]
        pieces = raw.split([*gates, *values], -1)
        return list(pieces[: len(gates)]), list(pieces[len(gates) :])


class NoMemory(AbstractMemory):
    """A memory that takes no action and reads nothing: the answer can only come from the controller.

    Examples:
        >>> import torch, neuralstack.torch as nst
        >>> nst.NoMemory().run(torch.zeros(2, 5, 0)).shape
        torch.Size([2, 5, 0])
    """

    @property
    def action_size(self):
        return 0

    @property
    def read_size(self):
        return 0

    def decode(self, raw):
        return raw

    def gates(self, action):
        return action

    def quantize(self, action):
        return action

    def init(self, batch, steps, dtype=None, device=None):
        return torch.zeros(batch, 0, dtype=dtype, device=device)

    def step(self, state, action):
        return state, torch.zeros_like(state)

    def run(self, action, lengths=None):
        return torch.zeros_like(action)


class Quantized(AbstractMemory):
    """A memory with rounded actions: strengths are 0 or 1, and a mixture becomes its likeliest operation.

    No gradient flows through the rounding.

    Args:
        memory: The memory.

    Examples:
        >>> import torch, neuralstack.torch as nst
        >>> action = nst.Quantized(nst.SuperpositionStack(1)).decode(torch.tensor([0.3, -0.1, 2.0, 0.0]))
        >>> action.operation.tolist()
        [[0.0, 0.0, 1.0]]
    """

    def __init__(self, memory: AbstractMemory):
        super().__init__()
        self.memory: Any = memory

    @property
    def action_size(self):
        return self.memory.action_size

    @property
    def gate_widths(self):
        return self.memory.gate_widths

    @property
    def value_widths(self):
        return self.memory.value_widths

    @property
    def read_size(self):
        return self.memory.read_size

    def decode(self, raw):
        return self.memory.quantize(self.memory.decode(raw))

    def gates(self, action):
        return self.memory.gates(action)

    def quantize(self, action):
        return self.memory.quantize(action)

    def initial_bias(self):
        return self.memory.initial_bias()

    def init(self, batch, steps, dtype=None, device=None):
        return self.memory.init(batch, steps, dtype, device)

    def step(self, state, action):
        return self.memory.step(state, action)

    def run(self, action, lengths=None):
        return self.memory.run(action, lengths)
