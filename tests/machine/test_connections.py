"""Connections of a controller, a memory and the answer, written out in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neuralstack as ns
from joined import WIDTH, draw_tokens, joined_machine
from neuralstack.reference import stack_forward

KEY = jax.random.key(0)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def elman(layer, h, projected):
    h = np.tanh(projected + h @ layer.recurrent_weights)
    return h, h


def lstm(layer, state, projected):
    h, c = state
    i, f, o, g = np.split(projected + h @ layer.recurrent_weights, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    return (h, c), h


@pytest.mark.parametrize(("layer", "rnn"), [("elman", elman), ("lstm", lstm)], ids=["elman", "lstm"])
def test_the_paper_wiring_is_section_3_4_of_the_paper(layer, rnn, float64):
    machine, tokens = joined_machine("paper", layer, "stack", embedding=6), draw_tokens(8)
    m = jax.tree.map(np.asarray, machine)
    first = m.controller.layers[0]
    W = np.concatenate([first.input_weights, m.feedback])  # of the input and the last read, side by side
    (W_d, W_u, W_v), (b_d, b_u, b_v) = (np.split(part, [1, 2], axis=-1) for part in (m.action_weights, m.action_bias))
    state, r, outputs, reads, d, u, v = first.init(), np.zeros(WIDTH), [], [], [], [], []
    for token in tokens:
        state, o_ = rnn(first, state, np.concatenate([m.embedding[token], r]) @ W + first.bias)
        d.append(float(sigmoid(o_ @ W_d + b_d)[0]))
        u.append(float(sigmoid(o_ @ W_u + b_u)[0]))
        v.append(np.tanh(o_ @ W_v + b_v))
        r = stack_forward(d, u, v)[2][-1]
        reads.append(r)
        outputs.append(np.tanh(o_ @ m.answer_weights + m.answer_bias))
    logits = np.stack(outputs) @ m.output_weights + m.output_bias
    shown = jax.jit(lambda machine: machine.trace(tokens))(machine)
    np.testing.assert_allclose(shown.read, reads, atol=1e-12)
    np.testing.assert_allclose(shown.logits, logits, atol=1e-12)


def test_a_machine_without_memory_is_a_plain_network(float64):
    machine, tokens = joined_machine("paper", "elman", "none"), draw_tokens(8)
    m = jax.tree.map(np.asarray, machine)
    first = m.controller.layers[0]
    h, logits = first.init(), []
    for token in tokens:
        h, _ = elman(first, h, m.embedding[token] @ first.input_weights + first.bias)
        logits.append(np.tanh(h @ m.answer_weights + m.answer_bias) @ m.output_weights + m.output_bias)
    np.testing.assert_allclose(jax.jit(lambda machine: machine(tokens))(machine), logits, atol=1e-12)


def test_in_the_layer_wiring_the_read_does_not_go_back_and_the_value_sees_the_input():
    machine = joined_machine("layer", "feedforward", "stack")
    tokens = jnp.array([0, 1, 2, 1, 4, 1])
    push, pop, value = jax.jit(lambda machine: machine.trace(tokens).action)(machine)
    for same in (push, pop, value):  # whatever the memory holds, one token gets one action
        np.testing.assert_allclose(same[3], same[1], atol=1e-6)
        np.testing.assert_allclose(same[5], same[1], atol=1e-6)
    hidden = jnp.tanh(machine.controller.project(machine.embedding[1]))
    raw = hidden @ machine.action_weights + machine.action_bias
    np.testing.assert_allclose(value[1], jnp.tanh(raw[2:] + machine.embedding[1]), atol=1e-6)


def test_in_the_feedback_wiring_the_read_goes_back_quietly():
    machine = joined_machine("feedback", "feedforward", "stack")
    tokens = jnp.array([0, 1, 2, 1])
    shown = jax.jit(lambda machine: machine.trace(tokens))(machine)
    projected = machine.controller.project(machine.embedding[1]) + 0.01 * shown.read[2] @ machine.feedback
    raw = jnp.tanh(projected) @ machine.action_weights + machine.action_bias
    push = shown.action.push
    np.testing.assert_allclose(push[3], jax.nn.sigmoid(raw[0]), atol=1e-6)
    assert 1e-6 < abs(float(push[3] - push[1])) < 0.1


def test_gates_that_do_not_see_the_state_follow_from_the_token_alone():
    def gates_of(**options):
        connection = ns.Connection(feedback=1.0, gates_see_input=True, **options)
        machine = ns.Machine(ns.GRU(4, 6, key=KEY), ns.NeuralStack(4), 3, connection=connection, key=KEY)
        action = jax.jit(lambda machine: machine.trace(jnp.array([0, 1, 1, 2, 0, 2])))(machine).action
        return np.stack([action.push, action.pop])

    push_and_pop = gates_of(gates_see_state=False)
    np.testing.assert_array_equal(push_and_pop[:, [0, 1, 3]], push_and_pop[:, [4, 2, 5]])
    assert len(np.unique(gates_of()[0])) == 6
