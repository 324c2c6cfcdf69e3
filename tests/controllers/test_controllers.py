import re
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import CONTROLLERS_UNDER_TEST, quick
from neuralstack import GRU, LSTM, Elman
from neuralstack.controllers import glorot

STEPS, INPUT, HIDDEN = 4, 3, 5
every_controller = pytest.mark.parametrize("name", CONTROLLERS_UNDER_TEST)
one_and_three_layers = pytest.mark.parametrize("layers", [1, 3])


def build(name, layers):
    """A controller of which no weight is 0, and some inputs."""
    kind = CONTROLLERS_UNDER_TEST[name]
    shapes = jax.eval_shape(lambda key: kind(INPUT, HIDDEN, num_layers=layers, key=key), jax.random.key(0))
    rng = np.random.default_rng(1)
    controller = jax.tree.map(lambda leaf: jnp.asarray(rng.normal(0, 0.5, leaf.shape)), shapes)
    return controller, jnp.asarray(rng.normal(size=(STEPS, INPUT)))


def shown(controller, inputs):
    """Return the hidden vectors of a controller: given all inputs at once, and step by step."""

    def step(state, x):
        return controller.step(state, x)

    def step_projected(state, projected):
        return controller.step_projected(state, projected)

    at_once = jax.lax.scan(step_projected, controller.init(), controller.project(inputs))[1]
    return at_once, jax.lax.scan(step, controller.init(), inputs)[1]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def elman(layer, h, x):
    h = np.tanh(x @ layer.input_weights + h @ layer.recurrent_weights + layer.bias)
    return h, h


def feedforward(layer, _, x):
    return (), np.tanh(x @ layer.input_weights + layer.bias)


def gru(layer, h, x):
    W_z, W_q, W_n = np.split(layer.input_weights, 3, axis=1)
    U_z, U_q = np.split(layer.gate_weights, 2, axis=1)
    b_z, b_q, b_n = np.split(layer.bias, 3)
    z, q = sigmoid(x @ W_z + h @ U_z + b_z), sigmoid(x @ W_q + h @ U_q + b_q)
    n = np.tanh(x @ W_n + (q * h) @ layer.candidate_weights + b_n)
    h = z * h + (1 - z) * n
    return h, h


def lstm(layer, state, x):
    h, c = state
    weights = (np.split(part, 4, axis=-1) for part in (layer.input_weights, layer.recurrent_weights, layer.bias))
    i, f, o, g = (x @ W + h @ U + b for W, U, b in zip(*weights, strict=True))
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    return (h, c), h


def multiplicative(layer, h, x):
    W_f, W = np.split(layer.input_weights, 2, axis=1)
    b_f, b = np.split(layer.bias, 2)
    G, U = layer.factor_weights, layer.recurrent_weights
    h = np.tanh(((h @ G) * (x @ W_f + b_f)) @ U + x @ W + b)
    return h, h


EQUATIONS = {"elman": elman, "feedforward": feedforward, "gru": gru, "lstm": lstm, "multiplicative": multiplicative}


def by_equations(name, controller, inputs):
    outputs = inputs
    for layer in jax.tree.map(np.asarray, controller.layers):
        state, given, outputs = layer.init(), outputs, []
        for x in given:
            state, hidden = EQUATIONS[name](layer, state, x)
            outputs.append(hidden)
    return np.stack(outputs)


@every_controller
@pytest.mark.parametrize("layers", quick([1, 3], 3))
def test_it_computes_the_equations_of_its_description(name, layers, float64):
    controller, inputs = build(name, layers)
    wanted = by_equations(name, controller, inputs)
    for got in jax.jit(shown)(controller, inputs):
        assert got.shape == (STEPS, HIDDEN)
        np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-12)


@every_controller
@one_and_three_layers
def test_its_sizes_are_those_of_its_first_and_last_layer(name, layers):
    controller, inputs = build(name, layers)
    projected = jax.eval_shape(controller.project, inputs)
    state, hidden = jax.eval_shape(lambda x: controller.step(controller.init(), x), inputs[0])
    assert len(controller.layers) == layers
    assert projected.shape == (STEPS, controller.projected_size)
    assert hidden.shape == (HIDDEN,) == (controller.hidden_size,)
    assert jax.tree.map(jnp.shape, state) == jax.tree.map(jnp.shape, controller.init())


@cache
def gradient(name, layers):
    controller, inputs = build(name, layers)
    return jax.jit(jax.grad(lambda controller: jnp.sum(shown(controller, inputs)[0][-1] ** 2)))(controller)


@pytest.mark.parametrize("name", quick(CONTROLLERS_UNDER_TEST, "elman", "lstm"))
@pytest.mark.parametrize("layers", quick([1, 3], 3))
def test_every_weight_of_every_layer_is_learned(name, layers):
    for leaf in jax.tree.leaves(gradient(name, layers)):
        assert np.isfinite(leaf).all()
        assert np.any(leaf)


@pytest.mark.parametrize("name", [name for name in CONTROLLERS_UNDER_TEST if name != "feedforward"])
def test_the_state_before_the_first_step_is_learned_in_every_layer(name):
    controller, _ = build(name, 3)
    states, gradients = controller.init(), gradient(name, 3).init()
    assert jax.tree.map(jnp.shape, gradients) == jax.tree.map(jnp.shape, states)
    for layer in gradients:
        assert jax.tree.leaves(layer)
        assert all(np.any(leaf) for leaf in jax.tree.leaves(layer))


@cache
def builder(name):
    """Compile the initialization of the weights, with a large and with a small input scale."""

    def draw(key):
        kind = CONTROLLERS_UNDER_TEST[name]
        return [kind(INPUT, HIDDEN, num_layers=2, input_scale=scale, key=key) for scale in (1.0, 0.25)]

    return jax.jit(draw)


@pytest.mark.parametrize("name", quick(CONTROLLERS_UNDER_TEST, "elman", "lstm"))
def test_a_quiet_input_scales_the_first_layers_input_weights_and_nothing_else(name):
    loud, quiet = map(jax.tree.leaves_with_path, builder(name)(jax.random.key(2)))
    for (path, one), (_, other) in zip(loud, quiet, strict=True):
        if jax.tree_util.keystr(path) == ".layers[0].input_weights":
            factors = HIDDEN if name == "multiplicative" else 0  # are no input
            one, other = one[:, factors:] * 0.25, other[:, factors:]
        np.testing.assert_allclose(other, one, rtol=1e-6)


@pytest.mark.parametrize("name", quick(CONTROLLERS_UNDER_TEST, "elman", "lstm"))
def test_its_first_weights_follow_from_the_key(name):
    one, again, other = (builder(name)(jax.random.key(seed))[0].layers for seed in (0, 0, 1))
    for layer, same, different in zip(one, again, other, strict=True):
        np.testing.assert_array_equal(layer.input_weights, same.input_weights)
        assert not np.any(np.asarray(layer.input_weights) == different.input_weights)


def test_gates_that_keep_start_mostly_open():
    (gru_layer,) = GRU(INPUT, HIDDEN, key=jax.random.key(0)).layers
    np.testing.assert_array_equal(gru_layer.bias, np.repeat([1.0, 0.0, 0.0], HIDDEN))
    (lstm_layer,) = LSTM(INPUT, HIDDEN, key=jax.random.key(0)).layers
    np.testing.assert_array_equal(lstm_layer.bias, np.repeat([0.0, 1.0, 0.0, 0.0], HIDDEN))


def test_glorot_weights_fill_their_bounds():
    weights = glorot(jax.random.key(0), 40, 56, scale=0.5)
    assert weights.shape == (40, 56)
    assert np.abs(weights).max() == pytest.approx(0.125, rel=1e-2)
    assert float(weights.var()) == pytest.approx(0.125**2 / 3, rel=0.1)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ((0, 5, 1), "input_size=0, hidden_size=5, num_layers=1"),
        ((3, 0, 1), "input_size=3, hidden_size=0, num_layers=1"),
        ((3, 5, 0), "input_size=3, hidden_size=5, num_layers=0"),
        ((3, 5.0, 1), "input_size=3, hidden_size=5.0, num_layers=1"),
    ],
)
def test_a_controller_of_an_impossible_size_is_refused(sizes, message, unchecked_types):
    inputs, hidden, layers = sizes
    with pytest.raises(
        ValueError, match=re.escape(f"the sizes of a controller must be integers of at least 1, got {message}.")
    ):
        Elman(inputs, hidden, num_layers=layers, key=jax.random.key(0))
