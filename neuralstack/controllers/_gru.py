"""The gated recurrent unit."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from neuralstack._activations import sigmoid, tanh
from neuralstack.controllers._base import AbstractLayer, glorot
from neuralstack.controllers._layered import AbstractLayeredController

KEEP_BIAS = 1.0  # the keep gate starts mostly open


class GRULayer(AbstractLayer):
    """One layer of `GRU`."""

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

    def init(self):
        return self.initial

    def project(self, x):
        return x @ self.input_weights + self.bias

    def step_projected(self, state, projected):
        gates, candidate = jnp.split(projected, [2 * self.hidden_size], axis=-1)
        keep, reset = jnp.split(sigmoid(gates + state @ self.gate_weights), 2, axis=-1)
        candidate = tanh(candidate + (reset * state) @ self.candidate_weights)
        hidden = keep * state + (1 - keep) * candidate
        return hidden, hidden


class GRU(AbstractLayeredController):
    r"""Gated recurrent units (Cho et al., 2014).

    $z, q = \sigma(W x + U h + b)$, $n = \tanh(W_n x + U_n (q \odot h) + b_n)$, $h' = z \odot h + (1 - z) \odot n$,
    with an initial bias of +1 on the keep gate $z$. Each layer costs three matrix products of
    hidden x hidden per step.

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
        >>> controller = ns.GRU(3, 8, num_layers=2, key=jax.random.key(0))
        >>> state, hidden = controller.step(controller.init(), jnp.ones(3))
        >>> hidden.shape
        (8,)
    """

    layers: tuple[GRULayer, ...]
    layer_class: ClassVar[type[AbstractLayer]] = GRULayer
