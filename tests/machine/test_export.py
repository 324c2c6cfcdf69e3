import jax
import jax.export
import jax.numpy as jnp
import numpy as np
import pytest

from cases import MEMORIES_UNDER_TEST, quick
from neuralstack import GRU
from small import drawn_machine


@pytest.mark.parametrize("name", quick(MEMORIES_UNDER_TEST, "stack"))
def test_a_machine_is_exported_for_sequences_of_any_length(name, unchecked_types):
    memory = MEMORIES_UNDER_TEST[name](4)
    connection = "layer" if memory.read_size else "paper"
    machine = drawn_machine(GRU, memory, 5, hidden=4, embedding=4, connection=connection)
    (steps,) = jax.export.symbolic_shape("steps", constraints=["steps >= 3"])
    for form in (machine, lambda tokens: machine.trace(tokens).logits):
        program = jax.jit(lambda tokens, form=form: form(tokens))
        exported = jax.export.export(program)(jax.ShapeDtypeStruct((steps,), jnp.int32))
        for length in (3, 9):
            tokens = jnp.arange(length) % 5
            np.testing.assert_allclose(exported.call(tokens), machine(tokens), atol=1e-5)
