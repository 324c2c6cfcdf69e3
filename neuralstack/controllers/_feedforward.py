"""A controller without a state of its own."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from neuralstack._activations import tanh
from neuralstack.controllers._base import AbstractLayer, glorot


class FeedforwardLayer(AbstractLayer):
    r"""A layer without a state: whatever is to be remembered, the memory must hold.

    $h = \tanh(W x + b)$.
    """

    input_weights: Float[Array, "input hidden"]
    bias: Float[Array, " hidden"]
    hidden_size: int = eqx.field(static=True)

    def __init__(self, input_size: int, hidden_size: int, input_scale: float = 1.0, *, key: PRNGKeyArray):
        self.input_weights = glorot(key, input_size, hidden_size, input_scale)
        self.bias = jnp.zeros(hidden_size)
        self.hidden_size = hidden_size

    @property
    def projected_size(self):
        return self.hidden_size

    def init(self):
        return ()

    def project(self, x):
        return x @ self.input_weights + self.bias

    def step(self, state, projected):
        return state, tanh(projected)
