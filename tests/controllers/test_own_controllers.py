import re

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import CONNECTIONS_UNDER_TEST
from neuralstack import AbstractController, CellController, Machine, NeuralStack
from neuralstack.controllers import ModuleController

KEY = jax.random.key(0)
TOKENS = jnp.array([0, 3, 4, 1])


class Perceptron(eqx.Module):
    """A user's module: not of this library, with a function among its leaves, and without an input size."""

    mlp: eqx.nn.MLP

    def __init__(self, key):
        self.mlp = eqx.nn.MLP(3 + 4, 4, 8, 1, key=key)

    def init(self):
        return jnp.zeros(4)

    def step(self, state, x):
        state = self.mlp(jnp.concatenate([x, state]))
        return state, state


class Average(AbstractController):
    """A controller with only what is required."""

    rate: jax.Array
    input_size: int = eqx.field(static=True, default=3)
    hidden_size: int = eqx.field(static=True, default=3)

    def init(self):
        return jnp.zeros(3)

    def step(self, state, x):
        state = self.rate * x + (1 - self.rate) * state
        return state, state


OWN = {
    "a GRU cell of Equinox": lambda: eqx.nn.GRUCell(3, 4, key=KEY),
    "an LSTM cell of Equinox": lambda: eqx.nn.LSTMCell(3, 4, key=KEY),
    "any module": lambda: Perceptron(KEY),
    "a subclass": lambda: Average(jnp.array(0.3)),
}


def build(name, connection="layer"):
    return CONNECTIONS_UNDER_TEST[connection](OWN[name](), NeuralStack(3), 5, embedding_dim=3, key=KEY)


@pytest.mark.slow
@pytest.mark.parametrize("connection", ["layer", "feedback"])
@pytest.mark.parametrize("name", OWN)
def test_a_controller_of_a_users_drives_a_machine_and_every_weight_of_it_learns(name, connection):
    def loss(machine, outputs_of):
        return (outputs_of(machine) ** 2).sum()

    machine = build(name, connection)
    with_gradient = eqx.filter_jit(eqx.filter_value_and_grad(loss))
    value, gradient = with_gradient(machine, lambda machine: machine(TOKENS))
    same, by_steps = with_gradient(machine, lambda machine: machine.trace(TOKENS).logits)
    np.testing.assert_allclose(value, same, rtol=1e-5)
    for leaf, wanted in zip(*map(jax.tree.leaves, (gradient, by_steps)), strict=True):
        np.testing.assert_allclose(leaf, wanted, atol=1e-5)
    learned = jax.tree.leaves(gradient.controller)
    assert learned
    assert all(np.any(leaf) for leaf in learned)


def test_a_cell_as_a_controller_takes_the_cells_own_steps():
    cell = eqx.nn.LSTMCell(3, 4, key=KEY)
    controller = CellController(cell)
    state, hidden = controller.step(controller.init(), jnp.ones(3))
    for leaf, wanted in zip(state, cell(jnp.ones(3), (jnp.zeros(4), jnp.zeros(4))), strict=True):
        np.testing.assert_array_equal(leaf, wanted)
    np.testing.assert_array_equal(hidden, state[0])


class Growing(Average):
    def step(self, state, x):
        return jnp.concatenate([state, x]), x


class Counting(Average):
    def init(self):
        return jnp.zeros((), int)

    def step(self, state, x):
        return state + 1, x


class Scalar(Average):
    def step(self, state, x):
        return state, x.sum()


REFUSED = {
    "Perceptron has no input_size: give embedding_dim, the width of its inputs.": (
        ValueError,
        lambda: Machine(Perceptron(KEY), NeuralStack(3), 5, key=KEY),
    ),
    "a controller is an object with init() and step(state, x), got an object of type Linear.": (
        TypeError,
        lambda: Machine(eqx.nn.Linear(3, 4, key=KEY), NeuralStack(3), 5, key=KEY),
    ),
    "cell must be an eqx.nn.GRUCell or an eqx.nn.LSTMCell, got an object of type Linear.": (
        TypeError,
        lambda: CellController(eqx.nn.Linear(3, 4, key=KEY)),
    ),
    "state of the same shapes and dtypes as Growing.init(), got float32[6] after float32[3].": (
        ValueError,
        lambda: ModuleController(Growing(jnp.array(0.3))),
    ),
    "the state of a controller must be floating-point arrays, got int32[] of Counting.": (
        ValueError,
        lambda: ModuleController(Counting(jnp.array(0.3))),
    ),
    "Scalar.step must return a state and a hidden vector, got float32[].": (
        ValueError,
        lambda: ModuleController(Scalar(jnp.array(0.3))),
    ),
    "got embedding_dim=7 and a controller of input_size=3.": (
        ValueError,
        lambda: Machine(eqx.nn.GRUCell(3, 4, key=KEY), NeuralStack(3), 5, embedding_dim=7, key=KEY),
    ),
}


@pytest.mark.parametrize("message", REFUSED)
def test_an_object_that_cannot_be_a_controller_is_refused(message, unchecked_types):
    kind, attempt = REFUSED[message]
    with pytest.raises(kind, match=re.escape(message)):
        attempt()
