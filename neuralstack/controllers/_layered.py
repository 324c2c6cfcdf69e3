"""Controllers made of several layers of one kind."""

from typing import Any, ClassVar

import equinox as eqx
import jax
from jaxtyping import PRNGKeyArray

from neuralstack._rounding import unrounded
from neuralstack.controllers._base import AbstractController, AbstractLayer

INPUT_SCALE = 0.3  # a weak input at first; Glorot's scale is 1


class AbstractLayeredController(AbstractController):
    """Layers in sequence: the first takes the controller's input, the last returns the hidden vector."""

    layers: eqx.AbstractVar[tuple[Any, ...]]
    layer_class: ClassVar[type[AbstractLayer]]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        num_layers: int = 1,
        input_scale: float = INPUT_SCALE,
        key: PRNGKeyArray,
    ):
        sizes = {"input_size": input_size, "hidden_size": hidden_size, "num_layers": num_layers}
        if any(not isinstance(size, int) or size < 1 for size in sizes.values()):
            given = ", ".join(f"{name}={size!r}" for name, size in sizes.items())
            raise ValueError(f"the sizes of a controller must be integers of at least 1, got {given}.")
        first_key, *keys = jax.random.split(key, num_layers)
        first = self.layer_class(input_size, hidden_size, input_scale, key=first_key)
        self.layers = (first, *(self.layer_class(hidden_size, hidden_size, 1.0, key=key) for key in keys))

    @property
    def input_size(self):  # pyright: ignore[reportIncompatibleVariableOverride]
        """Width of an input."""
        return self.layers[0].input_weights.shape[0]

    @property
    def hidden_size(self):  # pyright: ignore[reportIncompatibleVariableOverride]
        """Width of the hidden vector of every layer."""
        return self.layers[-1].hidden_size

    @property
    def projected_size(self):
        return self.layers[0].input_weights.shape[1]

    def init(self):
        """Return the learned states of all layers before the first step."""
        return tuple(layer.init() for layer in self.layers)

    def project(self, x):
        """Return the first layer's linear part of the input, for any number of steps at once."""
        return self.layers[0].project(x)

    def step(self, state, x):
        """Take one step through all layers; return their new states and the last one's hidden vector."""
        return self.step_projected(state, self.project(x))

    def step_projected(self, state, projected):
        return self.step_rounded(state, projected, unrounded)

    def step_rounded(self, state, projected, rounding):
        """Take one step through all layers, each of which sees the rounded hidden vector of the one before."""
        first, *others = self.layers
        new, hidden = rounding(first.step_projected(state[0], projected))
        states = [new]
        for layer, old in zip(others, state[1:], strict=True):
            new, hidden = rounding(layer.step_projected(old, layer.project(hidden)))
            states.append(new)
        return tuple(states), hidden
