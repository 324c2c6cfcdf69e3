"""If the values of a memory and the embedding have different widths, a learned linear map joins them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import quick
from neuralstack import GRU, AbstractMemory, CompositeMemory, Machine, NeuralQueue, NeuralStack
from small import build_machine, drawn_machine

MEMORIES = {
    "narrower": NeuralStack(3),
    "wider": NeuralStack(7),
    "one of two": CompositeMemory(NeuralStack(5), NeuralQueue(3)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MEMORIES)
def test_every_map_from_the_embedding_learns(name):
    machine = drawn_machine(GRU, MEMORIES[name], 6, hidden=4, embedding=5)
    gradient = jax.jit(jax.grad(lambda machine: (machine(jnp.array([0, 1, 2, 3])) ** 2).sum()))(machine)
    widths = [None if one is None else one.shape for one in machine.input_maps]
    assert widths == [None if width == 5 else (5, width) for width in machine.memory.value_widths]
    maps = jax.tree.leaves(gradient.input_maps)
    assert maps
    assert all(np.any(one) for one in maps)


def test_the_value_is_what_the_controller_adds_to_the_mapped_embedding():
    machine = drawn_machine(GRU, NeuralStack(3), 6, hidden=4, embedding=5)
    shown = jax.jit(lambda machine: machine.trace(jnp.array([2])))(machine)
    raw = shown.hidden[0] @ machine.action_weights + machine.action_bias
    wanted = jnp.tanh(raw[2:] + machine.embedding[2] @ machine.input_maps[0])
    np.testing.assert_allclose(shown.action.value[0], wanted, atol=1e-6)


@pytest.mark.slow
def test_a_map_shifts_no_other_weight():
    def draw(width):
        return jax.jit(lambda key: build_machine(GRU, NeuralStack(width), 6, hidden=4, embedding=5, key=key))(
            jax.random.key(0)
        )

    plain, mapped = draw(5), draw(3)
    for name in ("embedding", "output_weights"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(mapped, name))
    np.testing.assert_array_equal(plain.action_weights[:, :2], mapped.action_weights[:, :2])


def test_in_the_connection_of_the_paper_the_value_does_not_see_the_input_and_there_is_no_map():
    key = jax.random.key(0)
    assert Machine(GRU(5, 4, key=key), NeuralStack(3), 6, connection="paper", key=key).input_maps == ()


class Register(AbstractMemory):
    """A user's memory, which declares no gates."""

    width: int = 3
    action_size = property(lambda self: self.width + 1)
    read_size = property(lambda self: self.width)

    def init(self, steps, dtype=None):
        return jnp.zeros(self.width, dtype)

    def decode(self, raw):
        return jax.nn.sigmoid(raw[0]), jnp.tanh(raw[1:])

    def step(self, state, action):
        gate, value = action
        state = gate * value + (1 - gate) * state
        return state, state


@pytest.mark.slow
@pytest.mark.parametrize("embedding", quick([4, 5], 5))
@pytest.mark.parametrize("connection", ["layer", "feedback", "skip"])
def test_the_embedding_enters_the_whole_raw_action_of_a_memory_without_gates(connection, embedding):
    machine = drawn_machine(GRU, Register(), 6, hidden=4, embedding=embedding, connection=connection)
    tokens = jnp.array([0, 1, 2, 3])
    assert [one.shape for one in machine.input_maps] == [(embedding, 4)]
    logits, shown = jax.jit(lambda machine: (machine(tokens), machine.trace(tokens)))(machine)
    np.testing.assert_allclose(logits, shown.logits, atol=1e-6)
    raw = (
        shown.hidden @ machine.action_weights + machine.action_bias + machine.embedding[tokens] @ machine.input_maps[0]
    )
    np.testing.assert_allclose(shown.action[0], jax.nn.sigmoid(raw[:, 0]), atol=1e-6)
