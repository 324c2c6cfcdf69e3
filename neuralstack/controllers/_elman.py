"""The simple recurrent network."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from neuralstack._activations import tanh
from neuralstack.controllers._base import AbstractLayer, glorot
from neuralstack.controllers._layered import AbstractLayeredController


class ElmanLayer(AbstractLayer):
    """One layer of `Elman`."""

    input_weights: Float[Array, "input hidden"]
    recurrent_weights: Float[Array, "hidden hidden"]
    bias: Float[Array, " hidden"]
    initial: Float[Array, " hidden"]
    hidden_size: int = eqx.field(static=True)

    def __init__(self, input_size: int, hidden_size: int, input_scale: float = 1.0, *, key: PRNGKeyArray):
        input_key, recurrent_key = jax.random.split(key)
        self.input_weights = glorot(input_key, input_size, hidden_size, input_scale)
        self.recurrent_weights = glorot(recurrent_key, hidden_size, hidden_size)
        self.bias = jnp.zeros(hidden_size)
        self.initial = jnp.zeros(hidden_size)
        self.hidden_size = hidden_size

    def init(self):
        return self.initial

    def project(self, x):
        return x @ self.input_weights + self.bias

    def step_projected(self, state, projected):
        hidden = tanh(projected + state @ self.recurrent_weights)
        return hidden, hidden


class Elman(AbstractLayeredController):
    r"""A simple recurrent network (Elman, 1990).

    $h' = \tanh(W x + U h + b)$. Each layer costs one matrix product of hidden x hidden per step.

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
        >>> controller = ns.Elman(3, 8, num_layers=2, key=jax.random.key(0))
        >>> state, hidden = controller.step(controller.init(), jnp.ones(3))
        >>> hidden.shape
        (8,)
    """

    layers: tuple[ElmanLayer, ...]
    layer_class: ClassVar[type[AbstractLayer]] = ElmanLayer
