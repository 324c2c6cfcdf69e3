"""A controller without a state of its own."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from neuralstack._activations import tanh
from neuralstack.controllers._base import AbstractLayer, glorot
from neuralstack.controllers._layered import AbstractLayeredController


class FeedforwardLayer(AbstractLayer):
    """One layer of `Feedforward`."""

    input_weights: Float[Array, "input hidden"]
    bias: Float[Array, " hidden"]
    hidden_size: int = eqx.field(static=True)

    def __init__(self, input_size: int, hidden_size: int, input_scale: float = 1.0, *, key: PRNGKeyArray):
        self.input_weights = glorot(key, input_size, hidden_size, input_scale)
        self.bias = jnp.zeros(hidden_size)
        self.hidden_size = hidden_size

    def init(self):
        return ()

    def project(self, x):
        return x @ self.input_weights + self.bias

    def step_projected(self, state, projected):
        return state, tanh(projected)


class Feedforward(AbstractLayeredController):
    r"""A controller without a state: only the memory can remember anything.

    $h = \tanh(W x + b)$.

    Args:
        input_size: Width of an input, at least 1; in a machine, also the width of a token's embedding.
        hidden_size: Width of every layer, at least 1.
        num_layers: Number of layers, at least 1.
        input_scale: Factor on the first layer's initial input weights; 1 gives Glorot initialization.
        key: Source of the initial weights.

    Raises:
        ValueError: If a size is not an integer of at least 1.

    Examples:
        >>> import jax, jax.numpy as jnp, neuralstack as ns
        >>> controller = ns.Feedforward(3, 8, num_layers=2, key=jax.random.key(0))
        >>> state, hidden = controller.step(controller.init(), jnp.ones(3))
        >>> hidden.shape
        (8,)
    """

    layers: tuple[FeedforwardLayer, ...]
    layer_class: ClassVar[type[AbstractLayer]] = FeedforwardLayer
