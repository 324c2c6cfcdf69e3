"""Modules hold arrays, which have no hash, and say what to do where JAX asks for one."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neuralstack import LSTM, MemoryLayer, NeuralStack
from small import drawn_machine

MACHINE = drawn_machine(LSTM, NeuralStack(4), 5, hidden=4, embedding=4)
TOKENS = jnp.array([0, 3, 4])


@pytest.mark.parametrize("transform", [jax.jit, jax.checkpoint])
@pytest.mark.parametrize("function", [MACHINE, MACHINE.trace], ids=["machine", "method"])
def test_a_machine_that_is_given_for_a_hashable_function_says_what_to_give(transform, function):
    with pytest.raises(TypeError, match=r"call eqx\.filter_jit\(machine\) or jax\.jit\(lambda tokens: machine\("):
        transform(function)(TOKENS)


def test_what_is_to_be_given_gives_the_same_answers():
    for compiled in (eqx.filter_jit(MACHINE), jax.jit(lambda tokens: MACHINE(tokens))):
        np.testing.assert_allclose(compiled(TOKENS), MACHINE(TOKENS), rtol=1e-5)


def test_a_layer_says_the_same():
    layer = MemoryLayer(4, hidden=4, memory=NeuralStack(4), key=jax.random.key(0))
    with pytest.raises(TypeError, match=r"call eqx\.filter_jit\(layer\) or jax\.jit\(lambda inputs: layer\(inputs\)\)"):
        jax.jit(layer)(jnp.ones((3, 4)))


def test_a_machine_without_its_arrays_has_a_hash():
    structure = eqx.partition(MACHINE, eqx.is_array)[1]
    assert hash(structure) == hash(eqx.partition(MACHINE, eqx.is_array)[1])
