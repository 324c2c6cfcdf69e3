import re
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import CONNECTIONS_UNDER_TEST, CONTROLLERS_UNDER_TEST, MEMORIES_UNDER_TEST
from neuralstack import CONNECTIONS, GRU, LSTM, Connection, Machine, NeuralStack, NoMemory
from neuralstack.machine._heads import draw_heads
from neuralstack.reference import stack_forward

VOCABULARY, HIDDEN, WIDTH, BATCH = 5, 4, 3, 3
BUFFER, STEPS = 40, 35  # more than a block of the memory's whole-sequence form


def fits(connection, memory):
    return MEMORIES_UNDER_TEST[memory](WIDTH).read_size > 0 or CONNECTIONS[connection].answer_from != "read"


# A memory with passes of its own joins in two ways: the whole sequence at once, or inside the unroll. One that goes
# backwards by its own step alone joins like any other of them: one connection is enough. On every day, the stack
# stands for all of them.
OWN_PASSES = ("queue", "stack", "stack in pure JAX")
EVERY_DAY = ("none", "stack")
JOINED = [
    (connection, memory)
    for connection in CONNECTIONS_UNDER_TEST
    for memory in MEMORIES_UNDER_TEST
    if fits(connection, memory)
    and (memory in ("none", "stack") or connection == "feedback" or (memory in OWN_PASSES and connection == "layer"))
]


def case(connection, memory, *rest):
    return pytest.param(connection, memory, *rest, marks=() if memory in EVERY_DAY else pytest.mark.slow)


def build(connection, layer, memory, embedding=WIDTH, layers=1):
    """A machine of which no weight is 0."""
    constructor = CONNECTIONS_UNDER_TEST[connection]
    shapes = jax.eval_shape(
        lambda key: constructor(
            CONTROLLERS_UNDER_TEST[layer](embedding, HIDDEN, num_layers=layers, key=key),
            MEMORIES_UNDER_TEST[memory](WIDTH),
            VOCABULARY,
            key=key,
        ),
        jax.random.key(0),
    )
    rng = np.random.default_rng(0)
    return jax.tree.map(lambda leaf: jnp.asarray(rng.normal(0, 0.7, leaf.shape)), shapes)


def draw_tokens(*shape):
    return jnp.asarray(np.random.default_rng(1).integers(0, VOCABULARY, shape))


def batch_of_traces(machine, tokens):
    shown = jax.vmap(machine.trace, in_axes=1, out_axes=1)(tokens)
    return shown.logits, shown.action


def batch_to(machine, tokens, steps):
    return tuple(jax.tree.map(lambda leaf: leaf[:STEPS], machine.batch(tokens, steps)))[:2]


def with_gradient(outputs_of, machine, *given):
    """Return the outputs of a machine, and the gradient of a weighted sum of all of it by every weight."""
    outputs, pull = jax.vjp(lambda machine: outputs_of(machine, *given), machine)
    return outputs, *pull(like(outputs, seed=2))


def like(tree, seed):
    """Random numbers of the same shapes."""
    rng = np.random.default_rng(seed)
    return jax.tree.map(lambda leaf: jnp.asarray(rng.normal(size=leaf.shape)), tree)


def dot(tree, other):
    return sum(map(np.vdot, jax.tree.leaves(tree), jax.tree.leaves(other)))


batch_with_gradient = jax.jit(partial(with_gradient, batch_to))
traces_with_gradient = jax.jit(partial(with_gradient, batch_of_traces))


# Every way to join, on every day with the controller that is compiled soonest; and every controller, joined in the way
# that asks most of the unroll.
DRIVEN = [case(*joined, "elman" if joined[1] in EVERY_DAY else "gru") for joined in JOINED] + [
    pytest.param("feedback", "stack", layer, marks=pytest.mark.slow)
    for layer in CONTROLLERS_UNDER_TEST
    if layer != "elman"
]


@pytest.mark.parametrize(("connection", "memory", "layer"), DRIVEN)
def test_a_batch_is_every_sequence_traced_in_values_and_in_every_gradient(connection, memory, layer, float64):
    layers = 2 if layer == "gru" else 1
    machine, tokens = build(connection, layer, memory, layers=layers), draw_tokens(BUFFER, BATCH)
    got = batch_with_gradient(machine, tokens, STEPS)
    wanted = traces_with_gradient(machine, tokens[:STEPS])
    for (path, one), other in zip(jax.tree.leaves_with_path(got), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-10, err_msg=jax.tree_util.keystr(path))
    for path, one in jax.tree.leaves_with_path(got[1]):
        assert np.any(one) or one.size == 0, f"nothing is learned at {jax.tree_util.keystr(path)}"


@pytest.mark.parametrize(("connection", "memory"), [("layer", "stack"), ("feedback", "stack"), ("paper", "none")])
def test_calling_a_machine_puts_out_what_its_trace_shows(connection, memory, float64):
    machine, tokens = build(connection, "elman", memory), draw_tokens(12)
    output, shown = jax.jit(lambda tokens: (machine(tokens), machine.trace(tokens)))(tokens)
    assert output.shape == (12, VOCABULARY)
    np.testing.assert_allclose(output, shown.logits, atol=1e-12)


@pytest.mark.parametrize("memory", MEMORIES_UNDER_TEST)
def test_a_trace_shows_what_was_read_and_what_is_left_at_every_step(memory):
    machine = build("paper", "elman", memory)
    shown = jax.eval_shape(machine.trace, draw_tokens(12))
    assert shown.read.shape == (12, machine.memory.read_size)
    assert shown.strengths.shape == (12, *machine.memory.strengths(machine.memory.init(12)).shape)


# The two ways to join a memory: at once and inside the unroll.
@pytest.mark.parametrize("connection", ["layer", "feedback"])
def test_one_compilation_gives_every_length_the_gradient_that_finite_differences_have(connection, float64):
    machine, tokens = build(connection, "elman", "stack"), draw_tokens(BUFFER, BATCH)
    direction, small, compilations = like(machine, seed=3), 1e-6, 0

    @jax.jit
    def loss_and_gradient(machine, tokens, steps):
        nonlocal compilations
        compilations += 1

        def loss(machine):
            scored = jnp.arange(BUFFER)[:, None, None] < steps
            return jnp.where(scored, machine.batch(tokens, steps).logits ** 2, 0).sum()

        return jax.value_and_grad(loss)(machine)

    def loss(distance, steps):
        moved = jax.tree.map(lambda leaf, way: leaf + distance * way, machine, direction)
        return float(loss_and_gradient(moved, tokens, steps)[0])

    for steps in (1, 20, BUFFER):
        difference = (loss(small, steps) - loss(-small, steps)) / (2 * small)
        gradient = loss_and_gradient(machine, tokens, steps)[1]
        np.testing.assert_allclose(dot(gradient, direction), difference, rtol=1e-5)
    assert compilations == 1


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
    machine, tokens = build("paper", layer, "stack", embedding=6), draw_tokens(8)
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
    machine, tokens = build("paper", "elman", "none"), draw_tokens(8)
    m = jax.tree.map(np.asarray, machine)
    first = m.controller.layers[0]
    h, logits = first.init(), []
    for token in tokens:
        h, _ = elman(first, h, m.embedding[token] @ first.input_weights + first.bias)
        logits.append(np.tanh(h @ m.answer_weights + m.answer_bias) @ m.output_weights + m.output_bias)
    np.testing.assert_allclose(jax.jit(lambda machine: machine(tokens))(machine), logits, atol=1e-12)


def test_in_the_layer_wiring_the_read_does_not_go_back_and_the_value_sees_the_input():
    machine = build("layer", "feedforward", "stack")
    tokens = jnp.array([0, 1, 2, 1, 4, 1])
    push, pop, value = jax.jit(lambda machine: machine.trace(tokens).action)(machine)
    for same in (push, pop, value):  # whatever the memory holds, one token gets one action
        np.testing.assert_allclose(same[3], same[1], atol=1e-6)
        np.testing.assert_allclose(same[5], same[1], atol=1e-6)
    hidden = jnp.tanh(machine.controller.project(machine.embedding[1]))
    raw = hidden @ machine.action_weights + machine.action_bias
    np.testing.assert_allclose(value[1], jnp.tanh(raw[2:] + machine.embedding[1]), atol=1e-6)


def test_in_the_feedback_wiring_the_read_goes_back_quietly():
    machine = build("feedback", "feedforward", "stack")
    tokens = jnp.array([0, 1, 2, 1])
    shown = jax.jit(lambda machine: machine.trace(tokens))(machine)
    projected = machine.controller.project(machine.embedding[1]) + 0.01 * shown.read[2] @ machine.feedback
    raw = jnp.tanh(projected) @ machine.action_weights + machine.action_bias
    push = shown.action.push
    np.testing.assert_allclose(push[3], jax.nn.sigmoid(raw[0]), atol=1e-6)
    assert 1e-6 < abs(float(push[3] - push[1])) < 0.1


def test_each_head_is_drawn_on_its_own_and_the_gates_are_scaled():
    weights = jax.jit(lambda key: draw_heads(key, 60, (1, 1), (60,), gate_scale=3.0))(jax.random.key(0))
    assert weights.shape == (60, 62)
    bounds = [3 * (6 / 61) ** 0.5, 3 * (6 / 61) ** 0.5, (6 / 120) ** 0.5]
    for head, bound in zip(jnp.split(weights, [1, 2], axis=1), bounds, strict=True):
        assert 0.9 * bound < float(jnp.abs(head).max()) <= bound
    assert draw_heads(jax.random.key(0), 60, (), (), gate_scale=3.0).shape == (60, 0)


def make(controller=None, memory=None, vocab_size=VOCABULARY, **options):
    key = jax.random.key(0)
    controller = GRU(WIDTH, HIDDEN, key=key) if controller is None else controller
    return Machine(controller, NeuralStack(WIDTH) if memory is None else memory, vocab_size, **options, key=key)


REFUSED = {
    "unknown connection 'papr': did you mean 'paper'? choose from feedback, layer, paper, skip.": (
        ValueError,
        lambda: make(connection="papr"),
    ),
    "connection must be an ns.Connection or one of layer, feedback, skip, paper, got 3.": (
        TypeError,
        lambda: make(connection=3),
    ),
    "answer_from must be one of read, controller, both, got 'memory'.": (
        ValueError,
        lambda: Connection(answer_from="memory"),
    ),
    "connection 'layer' answers from the read of the memory, but NoMemory reads nothing: use connection 'paper'.": (
        ValueError,
        lambda: make(memory=NoMemory()),
    ),
    "vocab_size must be at least 1, got 0.": (ValueError, lambda: make(vocab_size=0)),
    "vocab_size must be an integer, got 5.0.": (TypeError, lambda: make(vocab_size=5.0)),
    "vocab_size must be an integer, got 'abcd'.": (TypeError, lambda: make(vocab_size="abcd")),
    "controller must be an object such as ns.GRU(16, 32, key=key), got the name 'gru'.": (
        TypeError,
        lambda: make("gru"),
    ),
    "controller must be an object such as ns.GRU(16, 32, key=key), got the class GRU.": (
        TypeError,
        lambda: make(GRU),
    ),
    "got the memory NeuralStack: the controller comes first, then the memory.": (
        TypeError,
        lambda: make(NeuralStack(3), GRU(3, 4, key=jax.random.key(0))),
    ),
    "memory must be an object such as ns.NeuralStack(8), got the name 'stack'.": (
        TypeError,
        lambda: make(memory="stack"),
    ),
    "memory must be an object such as ns.NeuralStack(8), got the class NeuralStack.": (
        TypeError,
        lambda: make(memory=NeuralStack),
    ),
    "memory must be an object such as ns.NeuralStack(8), got an object of type int.": (
        TypeError,
        lambda: make(memory=8),
    ),
    "got embedding_dim=7 and a controller of input_size=3.": (ValueError, lambda: make(embedding_dim=7)),
}


@pytest.mark.parametrize("message", REFUSED)
def test_parts_that_do_not_join_are_refused(message, unchecked_types):
    kind, attempt = REFUSED[message]
    with pytest.raises(kind, match=re.escape(message)):
        attempt()


def test_the_first_weights_follow_from_the_key():
    @jax.jit
    def leaves(key):
        machine = Machine(LSTM(2, 3, key=jax.random.fold_in(key, 1)), NeuralStack(2), 4, key=key)
        drawn = machine.embedding, machine.action_weights, machine.answer_weights, machine.output_weights
        return *drawn, machine.controller.layers[0].recurrent_weights

    first, again, other = (leaves(jax.random.key(seed)) for seed in (0, 0, 1))
    for leaf, same, different in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(leaf, same)
        assert not np.any(leaf == different)
