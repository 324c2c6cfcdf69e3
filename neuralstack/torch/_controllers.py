"""Controllers: the contract, layers in sequence, PyTorch's own cells, and bounds on a trained state."""

import abc
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from neuralstack.torch._rounding import Rounding, unrounded
from neuralstack.torch._trees import leaves, map_tree

INPUT_SCALE = 0.3  # a weak input at first; Glorot's scale is 1


class AbstractController(nn.Module, abc.ABC):
    """A recurrent network that drives a memory: it maps an input and a state to a new state and a hidden vector.

    States are nested tuples of tensors `[batch, ...]`. The linear part of the input is separate, so that a machine can
    add what was read to it.
    """

    input_size: int
    """Width of an input."""
    hidden_size: int
    """Width of a hidden vector."""
    projected_size: int
    """Width of a projected input."""

    @abc.abstractmethod
    def init(self, batch: int) -> Any:
        """Return the learned states before the first step."""

    @abc.abstractmethod
    def project(self, x: Tensor) -> Tensor:
        """Return the linear part of inputs `[..., input_size]`, for any number of steps at once."""

    @abc.abstractmethod
    def step(self, state: Any, projected: Tensor, rounding: Rounding = unrounded) -> tuple[Any, Tensor]:
        """Take one step from projected inputs `[batch, projected_size]`; return the states and the hidden vectors."""

    def run(self, x: Tensor, rounding: Rounding = unrounded) -> Tensor:
        """Return the hidden vectors `[batch, steps, hidden_size]` of whole sequences of inputs."""
        state, hidden = rounding(self.init(len(x))), []
        for projected in self.project(x).unbind(1):
            state, seen = self.step(state, projected, rounding)
            hidden.append(seen)
        return torch.stack(hidden, 1)


class AbstractLayer(nn.Module, abc.ABC):
    """One layer of a controller, whose input enters linearly through `input_weights` and `bias`."""

    input_weights: nn.Parameter
    bias: nn.Parameter

    @abc.abstractmethod
    def __init__(self, input_size: int, hidden_size: int, input_scale: float = 1.0):
        """Draw the initial weights, those of the input multiplied by `input_scale`."""
        super().__init__()

    @abc.abstractmethod
    def init(self) -> Any:
        """Return the learned state before the first step, without a batch."""

    @abc.abstractmethod
    def step(self, state: Any, projected: Tensor) -> tuple[Any, Tensor]:
        """Take one step from projected inputs; return the states and the hidden vectors."""

    def project(self, x: Tensor) -> Tensor:
        """Return the linear part of the input, bias included."""
        return x @ self.input_weights + self.bias

    def run(self, state: Any, projected: Tensor, rounding: Rounding) -> Tensor:
        """Return the hidden vectors `[batch, steps, hidden]` of whole sequences of projected inputs."""
        hidden = []
        for at_step in projected.unbind(1):
            state, seen = rounding(self.step(state, at_step))
            hidden.append(seen)
        return torch.stack(hidden, 1)


class AbstractLayeredController(AbstractController):
    """Layers in sequence: the first takes the controller's input, the last returns the hidden vector.

    Args:
        input_size: Width of an input, at least 1; in a machine, also the width of a token's embedding.
        hidden_size: Width of every layer, at least 1.
        num_layers: Number of layers, at least 1.
        input_scale: Factor on the first layer's initial input weights; 1 gives Glorot initialization.

    Raises:
        ValueError: If a size is not an integer of at least 1.
    """

    layer_class: ClassVar[Any]

    def __init__(self, input_size: int, hidden_size: int, *, num_layers: int = 1, input_scale: float = INPUT_SCALE):
        super().__init__()
        sizes = {"input_size": input_size, "hidden_size": hidden_size, "num_layers": num_layers}
        if any(not isinstance(size, int) or size < 1 for size in sizes.values()):
            given = ", ".join(f"{name}={size!r}" for name, size in sizes.items())
            raise ValueError(f"the sizes of a controller must be integers of at least 1, got {given}.")
        self.input_size, self.hidden_size = input_size, hidden_size
        first = self.layer_class(input_size, hidden_size, input_scale)
        others = (self.layer_class(hidden_size, hidden_size) for _ in range(num_layers - 1))
        self.layers = nn.ModuleList([first, *others])
        self.projected_size = first.input_weights.shape[1]

    @property
    def own_layers(self) -> list[Any]:
        """The layers, first to last."""
        return list(self.layers)

    def init(self, batch):
        return map_tree(lambda leaf: leaf.expand(batch, -1), tuple(layer.init() for layer in self.own_layers))

    def project(self, x):
        return self.own_layers[0].project(x)

    def step(self, state, projected, rounding=unrounded):
        states, hidden = [], projected
        for number, (layer, old) in enumerate(zip(self.own_layers, state, strict=True)):
            new, hidden = rounding(layer.step(old, layer.project(hidden) if number else projected))
            states.append(new)
        return tuple(states), hidden

    def run(self, x, rounding=unrounded):
        """Run whole sequences, layer after layer, so that each projects all of its inputs at once."""
        for layer, state in zip(self.own_layers, rounding(self.init(len(x))), strict=True):
            x = layer.run(state, layer.project(x), rounding)
        return x


class BoundedController(AbstractController):
    """A controller whose state is clipped to bounds that depend on the open gates, as `ns.harden` makes them.

    Args:
        controller: The controller.
        gates: Number of gates, whose open ones are the phase that chooses the bounds.
    """

    def __init__(self, controller: AbstractController, gates: int):
        super().__init__()
        self.controller = controller
        self.input_size, self.hidden_size = controller.input_size, controller.hidden_size
        self.projected_size = controller.projected_size
        self.gate_weights = nn.Parameter(torch.zeros(controller.hidden_size, gates))
        self.gate_bias = nn.Parameter(torch.zeros(gates))
        bounds = [torch.zeros(2**gates, leaf.shape[1]) for _, leaf in leaves(controller.init(1))]
        self.low = nn.ParameterList(bounds)
        self.high = nn.ParameterList([bound.clone() for bound in bounds])

    def init(self, batch):
        return self.controller.init(batch)

    def project(self, x):
        return self.controller.project(x)

    def step(self, state, projected, rounding=unrounded):
        state, hidden = self.controller.step(state, projected)
        phase = phase_of(hidden @ self.gate_weights + self.gate_bias)
        bounds = iter(zip(self.low, self.high, strict=True))

        def clipped(leaf):
            low, high = next(bounds)
            return torch.minimum(torch.maximum(leaf, low[phase]), high[phase])

        return rounding((map_tree(clipped, state), hidden))


def phase_of(raw: Tensor) -> Tensor:
    """Return which gates are open, as the bits of a number: a gate is open if its raw number is not negative.

    Examples:
        >>> phase_of(torch.tensor([1.0, -1.0, 2.0])).item()
        5
    """
    return ((raw >= 0).long() << torch.arange(raw.shape[-1], device=raw.device)).sum(-1)


def glorot(rows: int, columns: int, scale: float = 1.0) -> Tensor:
    """Draw a uniform weight matrix that keeps the variance of activations and gradients (Glorot & Bengio, 2010)."""
    limit = scale * (6 / max(rows + columns, 1)) ** 0.5
    return torch.empty(rows, columns).uniform_(-limit, limit)
