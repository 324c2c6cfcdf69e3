"""A memory as a layer of a network, trained over all steps of a sequence in parallel, like attention."""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from neuralstack._arguments import describe_object, require_object
from neuralstack._lookup import lookup
from neuralstack.torch._memory import AbstractMemory
from neuralstack.torch._packing import run_apart
from neuralstack.torch._parallel_controllers import PARALLEL_CONTROLLERS
from neuralstack.torch._strength import NeuralStack

GATE_SCALE, ANSWER_SCALE = 3.0, 2.0
"""Factors on the initial weights of the gates and of the answer, as in `ns.MemoryLayer`."""


class LayerState(NamedTuple):
    """The state of a memory layer between steps: that of its controller, and its memory."""

    controller: Any
    memory: Any


class MemoryLayer(nn.Module):
    """A memory as a layer, which maps a vector at each step to a vector: `[batch, steps, size]` to the same shape.

    A controller returns a hidden vector at each step. The action is a linear map of it and of the input, decoded by the
    memory. The output is a linear map of the read. The controller does not see the reads, so actions are computed for
    all steps at once, and the memory runs over them in space that is linear in the length.

    The output takes the place of the input. Adding the input to it, as in a residual network, lets the network do
    without the memory, and most starts then do: let the input in by factors that are learned and begin at 0.

    Args:
        size: Width of the inputs and of the outputs.
        memory: The memory. Defaults to `NeuralStack(64)`.
        controller: `feedforward` sees each step in isolation, `attention` is causal, `gru` is recurrent. Or any causal
            module from inputs `[batch, steps, size]` to hidden vectors `[batch, steps, hidden]`; if it has
            `init(batch, steps)` and `step(state, x)`, the layer can take one step at a time.
        hidden: Width of the controller's hidden vector.
        heads: Number of heads, for attention.

    Raises:
        TypeError: If the memory or the controller is an object of another kind.
        ValueError: If a size is below 1, the name of the controller is unknown, or the number of heads does not divide
            `hidden`.

    Examples:
        >>> import torch, neuralstack.torch as nst
        >>> layer = nst.MemoryLayer(5, controller="attention", heads=4)
        >>> layer(torch.ones(3, 7, 5)).shape
        torch.Size([3, 7, 5])
        >>> state, output = layer.step(layer.init(batch=3, steps=7), torch.ones(3, 5))  # one step at a time
        >>> output.shape
        torch.Size([3, 5])
    """

    def __init__(
        self,
        size: int,
        *,
        memory: AbstractMemory | None = None,
        controller: str | nn.Module = "feedforward",
        hidden: int = 64,
        heads: int = 1,
    ):
        super().__init__()
        self.memory = NeuralStack(64) if memory is None else memory
        require_object("memory", self.memory, AbstractMemory, "neuralstack.torch.NeuralStack(64)")
        if min(size, hidden) < 1:
            raise ValueError(f"a memory layer's sizes must be at least 1, got {size=}, {hidden=}.")
        if isinstance(controller, str):
            controller = lookup("controller", PARALLEL_CONTROLLERS, controller)(size, hidden, heads)
        if not isinstance(controller, nn.Module):
            raise TypeError(
                f"a memory layer's controller must be a module from [batch, steps, {size}] to [batch, steps, "
                f"{hidden}], or one of {', '.join(PARALLEL_CONTROLLERS)}, got {describe_object(controller)}."
            )
        self.controller: Any = controller
        self.actions = nn.Linear(hidden + size, self.memory.action_size)
        self.actions.bias.data = self.memory.initial_bias()
        self.answer = nn.Linear(self.memory.read_size, size)
        with torch.no_grad():
            self.actions.weight[: sum(self.memory.gate_widths)] *= GATE_SCALE
            self.answer.weight *= ANSWER_SCALE

    def forward(self, inputs: Tensor, starts: Tensor | None = None) -> Tensor:
        """Run a batch of rows from empty memories.

        Args:
            inputs: The vectors of each step, `[batch, steps, size]`.
            starts: Whether each step is the first one of a sequence, `[batch, steps]`: outputs and gradients are those
                of each sequence alone. Defaults to one sequence in each row.

        Raises:
            ValueError: If a shape does not fit.
        """
        return self._run(inputs, None) if starts is None else run_apart(self._run, inputs, starts)

    def act(self, inputs: Tensor) -> Any:
        """Return the actions of the memory at all steps."""
        return self._decode(self.controller(inputs), inputs)

    def init(self, batch: int, steps: int) -> LayerState:
        """Return the states before the first of `steps` steps, which are then taken one at a time.

        Raises:
            TypeError: If the controller is a module that takes all steps at once only.
        """
        if not (callable(getattr(self.controller, "init", None)) and callable(getattr(self.controller, "step", None))):
            raise TypeError(
                "one step at a time needs a controller with init(batch, steps), which returns a state, and step(state, "
                f"x), which returns a state and hidden vectors; {type(self.controller).__name__} lacks them."
            )
        weight = self.actions.weight
        return LayerState(
            self.controller.init(batch, steps), self.memory.init(batch, steps, weight.dtype, weight.device)
        )

    def step(self, state: LayerState, x: Tensor) -> tuple[LayerState, Tensor]:
        """Take one step on vectors `[batch, size]`; return the new states and the outputs."""
        controller, hidden = self.controller.step(state.controller, x)
        memory, read = self.memory.step(state.memory, self._decode(hidden, x))
        return LayerState(controller, memory), self.answer(read)

    def _decode(self, hidden: Tensor, x: Tensor) -> Any:
        return self.memory.decode(self.actions(torch.cat([hidden, x], -1)))

    def _run(self, inputs: Tensor, lengths: Tensor | None) -> Tensor:
        return self.answer(self.memory.run(self.act(inputs), lengths))
