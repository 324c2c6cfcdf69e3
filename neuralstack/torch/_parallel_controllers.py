"""Controllers of a memory layer: they map all steps of a sequence at once, and can also take one step at a time."""

from typing import Any

import torch
from torch import Tensor, nn

from neuralstack.torch._layers import GRU


class ParallelFeedforward(nn.Module):
    r"""A controller that sees each step in isolation: $h_t = \tanh(W x_t + b)$."""

    def __init__(self, size: int, hidden: int, heads: int):
        super().__init__()
        self.project = nn.Linear(size, hidden)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the hidden vectors `[batch, steps, hidden]`."""
        return self.project(inputs).tanh()

    def init(self, batch: int, steps: int) -> Any:
        """Return the empty state."""
        return ()

    def step(self, state: Any, x: Tensor) -> tuple[Any, Tensor]:
        """Take one step."""
        return state, self(x)


class Attention(nn.Module):
    r"""A controller that sees each step and all earlier ones: $h_t = \tanh(y_t + \mathrm{attend}(y_{\le t}))$.

    Here $y_t = W x_t + b$. No positions are added: if they matter, they must be part of the inputs.
    """

    def __init__(self, size: int, hidden: int, heads: int):
        super().__init__()
        if heads < 1 or hidden % heads:
            raise ValueError(f"attention needs heads, at least 1, that divide its width, got {heads=}, {hidden=}.")
        self.heads = heads
        self.project = nn.Linear(size, hidden)
        names = "query_proj", "key_proj", "value_proj", "output_proj"
        self.attend = nn.ModuleDict({name: nn.Linear(hidden, hidden, bias=False) for name in names})

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the hidden vectors `[batch, steps, hidden]`."""
        projected = self.project(inputs)
        query, key, value = (self._heads(name, projected) for name in ("query_proj", "key_proj", "value_proj"))
        return self._hidden(projected, nn.functional.scaled_dot_product_attention(query, key, value, is_causal=True))

    def init(self, batch: int, steps: int) -> Any:
        """Return empty keys and values."""
        weight = self.project.weight
        empty = weight.new_zeros(batch, self.heads, 0, len(weight) // self.heads)
        return empty, empty

    def step(self, state: Any, x: Tensor) -> tuple[Any, Tensor]:
        """Take one step."""
        projected = self.project(x)[:, None]
        query, key, value = (self._heads(name, projected) for name in ("query_proj", "key_proj", "value_proj"))
        keys, values = (torch.cat([old, new], 2) for old, new in zip(state, (key, value), strict=True))
        seen = nn.functional.scaled_dot_product_attention(query, keys, values)
        return (keys, values), self._hidden(projected, seen)[:, 0]

    def _heads(self, name: str, projected: Tensor) -> Tensor:
        return self.attend[name](projected).unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def _hidden(self, projected: Tensor, seen: Tensor) -> Tensor:
        return (projected + self.attend["output_proj"](seen.transpose(1, 2).flatten(2))).tanh()


class Recurrent(nn.Module):
    """A controller that sees each step and what it remembers of earlier ones: one layer of `GRU`, a loop over time."""

    def __init__(self, size: int, hidden: int, heads: int):
        super().__init__()
        self.cell = GRU(size, hidden, input_scale=1.0)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the hidden vectors `[batch, steps, hidden]`."""
        return self.cell.run(inputs)

    def init(self, batch: int, steps: int) -> Any:
        """Return the learned initial state."""
        return self.cell.init(batch)

    def step(self, state: Any, x: Tensor) -> tuple[Any, Tensor]:
        """Take one step."""
        return self.cell.step(state, self.cell.project(x))


PARALLEL_CONTROLLERS = {"attention": Attention, "feedforward": ParallelFeedforward, "gru": Recurrent}
"""The controllers of a memory layer: they do not see the reads, so that the actions of all steps are known at once."""
