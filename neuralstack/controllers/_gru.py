"""The gated recurrent unit."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from neuralstack._activations import sigmoid, tanh
from neuralstack.controllers._base import AbstractLayer, glorot

KEEP_BIAS = 1.0  # the keep gate starts mostly open


class GRULayer(AbstractLayer):
    r"""A gated recurrent unit (Cho et al., 2014).

    $z, q = \sigma(W x + U h + b)$, $n = \tanh(W_n x + U_n (q \odot h) + b_n)$, $h' = z \odot h + (1 - z) \odot n$,
    with a bias of +1 on the keep gate $z$ at the start. A step costs three matrix products of hidden x hidden.
    """

    input_weights: Float[Array, "input projected"]
    gate_weights: Float[Array, "hidden gates"]
    candidate_weights: Float[Array, "hidden hidden"]
    bias: Float[Array, " projected"]
    initial: Float[Array, " hidden"]
    hidden_size: int = eqx.field(static=True)

    def __init__(self, input_size: int, hidden_size: int, input_scale: float = 1.0, *, key: PRNGKeyArray):
        keys = jax.random.split(key, 6)
        inputs = [glorot(k, input_size, hidden_size, input_scale) for k in keys[:3]]
        self.input_weights = jnp.concatenate(inputs, axis=1)
        self.gate_weights = jnp.concatenate([glorot(k, hidden_size, hidden_size) for k in keys[3:5]], axis=1)
        self.candidate_weights = glorot(keys[5], hidden_size, hidden_size)
        self.bias = jnp.zeros(3 * hidden_size).at[:hidden_size].set(KEEP_BIAS)
        self.initial = jnp.zeros(hidden_size)
        self.hidden_size = hidden_size

    @property
    def projected_size(self):
        return 3 * self.hidden_size

    def init(self):
        return self.initial

    def project(self, x):
        return x @ self.input_weights + self.bias

    def step(self, state, projected):
        gates, candidate = jnp.split(projected, [2 * self.hidden_size], axis=-1)
        keep, reset = jnp.split(sigmoid(gates + state @ self.gate_weights), 2, axis=-1)
        candidate = tanh(candidate + (reset * state) @ self.candidate_weights)
        hidden = keep * state + (1 - keep) * candidate
        return hidden, hidden
