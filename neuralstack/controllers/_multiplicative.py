"""The multiplicative recurrent network."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from neuralstack._activations import tanh
from neuralstack.controllers._base import AbstractLayer, glorot
from neuralstack.controllers._layered import AbstractLayeredController

FACTOR_BIAS = 0.5  # a token that says nothing lets half of every factor pass
FACTOR_SCALE = 3.0  # tokens must differ in what they do to the state from the start


class MultiplicativeLayer(AbstractLayer):
    """One layer of `Multiplicative`."""

    input_weights: Float[Array, "input projected"]
    factor_weights: Float[Array, "hidden hidden"]
    recurrent_weights: Float[Array, "hidden hidden"]
    bias: Float[Array, " projected"]
    initial: Float[Array, " hidden"]
    hidden_size: int = eqx.field(static=True)

    def __init__(self, input_size: int, hidden_size: int, input_scale: float = 1.0, *, key: PRNGKeyArray):
        keys = jax.random.split(key, 4)
        orthogonal = jax.nn.initializers.orthogonal()
        factors = glorot(keys[0], input_size, hidden_size, FACTOR_SCALE)
        added = glorot(keys[1], input_size, hidden_size, input_scale)
        self.input_weights = jnp.concatenate([factors, added], axis=1)
        self.factor_weights = orthogonal(keys[2], (hidden_size, hidden_size))
        self.recurrent_weights = orthogonal(keys[3], (hidden_size, hidden_size))
        self.bias = jnp.zeros(2 * hidden_size).at[:hidden_size].set(FACTOR_BIAS)
        self.initial = jnp.zeros(hidden_size)
        self.hidden_size = hidden_size

    def init(self):
        return self.initial

    def project(self, x):
        return x @ self.input_weights + self.bias

    def step_projected(self, state, projected):
        factors, added = jnp.split(projected, 2, axis=-1)
        hidden = tanh(((state @ self.factor_weights) * factors) @ self.recurrent_weights + added)
        return hidden, hidden


class Multiplicative(AbstractLayeredController):
    r"""A multiplicative recurrent network (Sutskever, Martens & Hinton, 2011).

    $f = W_f x + b_f$, $h' = \tanh(U (f \odot G h) + W x + b)$: the input chooses how the state moves, as in a finite
    automaton, where the other controllers add the same numbers to every state. $G$ and $U$ start as orthogonal
    matrices. Each layer costs two matrix products of hidden x hidden per step.

    Args:
        input_size: Width of an input, at least 1; in a machine, also the width of a token's embedding.
        hidden_size: Width of every layer, at least 1.
        num_layers: Number of layers, at least 1.
        input_scale: Factor on the first layer's initial input weights $W$; 1 gives Glorot initialization.
        key: Source of the initial weights.

    Raises:
        ValueError: If a size is not an integer of at least 1.

    Examples:
        >>> import jax, jax.numpy as jnp, neuralstack as ns
        >>> controller = ns.Multiplicative(3, 8, num_layers=2, key=jax.random.key(0))
        >>> state, hidden = controller.step(controller.init(), jnp.ones(3))
        >>> hidden.shape
        (8,)
    """

    layers: tuple[MultiplicativeLayer, ...]
    layer_class: ClassVar[type[AbstractLayer]] = MultiplicativeLayer
