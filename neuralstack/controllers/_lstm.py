"""Long short-term memory."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from neuralstack._activations import sigmoid, tanh
from neuralstack.controllers._base import AbstractLayer, glorot
from neuralstack.controllers._layered import AbstractLayeredController

FORGET_BIAS = 1.0  # the forget gate starts mostly open (Gers et al., 2000)


class LSTMLayer(AbstractLayer):
    """One layer of `LSTM`."""

    input_weights: Float[Array, "input projected"]
    recurrent_weights: Float[Array, "hidden projected"]
    bias: Float[Array, " projected"]
    initial: tuple[Float[Array, " hidden"], Float[Array, " hidden"]]
    hidden_size: int = eqx.field(static=True)

    def __init__(self, input_size: int, hidden_size: int, input_scale: float = 1.0, *, key: PRNGKeyArray):
        keys = jax.random.split(key, 8)
        inputs = [glorot(k, input_size, hidden_size, input_scale) for k in keys[:4]]
        self.input_weights = jnp.concatenate(inputs, axis=1)
        self.recurrent_weights = jnp.concatenate([glorot(k, hidden_size, hidden_size) for k in keys[4:]], axis=1)
        self.bias = jnp.zeros(4 * hidden_size).at[hidden_size : 2 * hidden_size].set(FORGET_BIAS)
        self.initial = jnp.zeros(hidden_size), jnp.zeros(hidden_size)
        self.hidden_size = hidden_size

    def init(self):
        return self.initial

    def project(self, x):
        return x @ self.input_weights + self.bias

    def step_projected(self, state, projected):
        hidden, cell = state
        gates = projected + hidden @ self.recurrent_weights
        write, forget, show, candidate = jnp.split(gates, 4, axis=-1)
        cell = sigmoid(forget) * cell + sigmoid(write) * tanh(candidate)
        hidden = sigmoid(show) * tanh(cell)
        return (hidden, cell), hidden


class LSTM(AbstractLayeredController):
    r"""Long short-term memory (Hochreiter & Schmidhuber, 1997; forget gate: Gers et al., 2000).

    $i, f, o = \sigma(W x + U h + b)$, $g = \tanh(W_g x + U_g h + b_g)$, $c' = f \odot c + i \odot g$,
    $h' = o \odot \tanh c'$, with an initial bias of +1 on the forget gate $f$. Each layer costs one matrix product of
    hidden x 4 hidden per step.

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
        >>> controller = ns.LSTM(3, 8, num_layers=2, key=jax.random.key(0))
        >>> state, hidden = controller.step(controller.init(), jnp.ones(3))
        >>> hidden.shape
        (8,)
    """

    layers: tuple[LSTMLayer, ...]
    layer_class: ClassVar[type[AbstractLayer]] = LSTMLayer
