"""The parts of a machine: which of them fit together, and their initial weights."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from joined import HIDDEN, VOCABULARY, WIDTH
from neuralstack import GRU, LSTM, Connection, Elman, Machine, NeuralStack, NoMemory, SuperpositionStack


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
    "gates_see_input must be True or False, got 'yes'.": (ValueError, lambda: Connection(gates_see_input="yes")),
    "gates must see something, got gates_see_state=False without gates_see_input or gates_see_read: set one": (
        ValueError,
        lambda: Connection(gates_see_state=False),
    ),
    "value_scale must be a number from 0 to 1e+06, got nan.": (ValueError, lambda: Connection(value_scale=np.nan)),
    "feedback must be a number from -1e+06 to 1e+06, got 'a'.": (ValueError, lambda: Connection(feedback="a")),
    "value_constant needs a memory with values, got NoMemory(): leave it out.": (
        ValueError,
        lambda: make(memory=NoMemory(), connection=Connection(answer_from="controller", value_constant=True)),
    ),
    "values_repeat_read needs a memory whose reads are as wide as its values, got 6 and 3": (
        ValueError,
        lambda: make(
            memory=SuperpositionStack(3, depth_read=2), connection=Connection(gate_scale=1.0, values_repeat_read=True)
        ),
    ),
    "readout must be an object such as ns.GRU(16, 32, key=key), got the name 'gru'.": (
        TypeError,
        lambda: make(readout="gru"),
    ),
    "quantization needs a memory with push and pop strengths": (
        ValueError,
        lambda: make(memory=SuperpositionStack(3), quantized=True),
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


def test_each_head_is_drawn_on_its_own_and_the_gates_are_scaled():
    @jax.jit
    def heads(key):
        controller, scaled = Elman(60, 60, key=key), Connection(gate_scale=3.0)
        return Machine(controller, NeuralStack(60), VOCABULARY, connection=scaled, key=key).action_weights

    weights = heads(jax.random.key(0))
    assert weights.shape == (60, 62)
    bounds = [3 * (6 / 61) ** 0.5, 3 * (6 / 61) ** 0.5, (6 / 120) ** 0.5]
    for head, bound in zip(jnp.split(weights, [1, 2], axis=1), bounds, strict=True):
        assert 0.9 * bound < float(jnp.abs(head).max()) <= bound


def test_a_machine_without_memory_has_no_heads():
    assert make(memory=NoMemory(), connection="paper").action_weights.shape == (HIDDEN, 0)
