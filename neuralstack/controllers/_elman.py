"""The simple recurrent network."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from neuralstack._activations import tanh
from neuralstack.controllers._base import AbstractLayer, glorot


class ElmanLayer(AbstractLayer):
    r"""A simple recurrent layer (Elman, 1990).

    $h' = \tanh(W x + U h + b)$. A step costs one matrix product of hidden x hidden.
    """

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

    @property
    def projected_size(self):
        return self.hidden_size

    def init(self):
        return self.initial

    def project(self, x):
        return x @ self.input_weights + self.bias

    def step(self, state, projected):
        hidden = tanh(projected + state @ self.recurrent_weights)
        return hidden, hidden
