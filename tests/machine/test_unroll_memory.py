import jax
import jax.numpy as jnp
import pytest

from neuralstack import Elman, NeuralStack
from small import build_machine


def loss(machine, tokens):
    return (machine.batch(tokens).logits ** 2).sum()


@pytest.mark.parametrize("connection", ["layer", "feedback"])
@pytest.mark.slow
def test_twice_the_steps_take_twice_the_memory_to_train(connection):
    def build(key):
        return build_machine(Elman, NeuralStack(4), 5, hidden=4, embedding=4, connection=connection, key=key)

    machine = jax.eval_shape(build, jax.random.key(0))

    def bytes_taken(steps):
        tokens = jax.ShapeDtypeStruct((steps, 2), jnp.int32)
        return jax.jit(jax.grad(loss)).lower(machine, tokens).compile().memory_analysis().temp_size_in_bytes

    small, double, fourfold = map(bytes_taken, (256, 512, 1024))
    assert small < double < fourfold
    assert double <= 2.2 * small
    assert fourfold <= 2.2 * double
    assert fourfold < 1024**2 * 4  # bytes: the size of a single matrix of steps by steps
