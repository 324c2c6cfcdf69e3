import jax
import jax.export
import jax.numpy as jnp
import numpy as np
import pytest

from cases import MEMORIES_UNDER_TEST, quick
from neuralstack import run

STEPS, WIDTH = 4, 2


def memory_and_action(name, steps=STEPS):
    memory = MEMORIES_UNDER_TEST[name](WIDTH)
    return memory, memory.decode(jax.random.normal(jax.random.key(0), (steps, memory.action_size)))


@pytest.mark.parametrize("name", quick(MEMORIES_UNDER_TEST, "stack"))
def test_a_run_refuses_other_derivatives_than_its_gradient_and_a_scan_has_them(name):
    memory, action = memory_and_action(name)

    def second(form):
        first = jax.grad(lambda action: (form(action) ** 2).sum())
        return jax.jvp(first, (action,), (action,))

    for derivative in (second, lambda form: jax.jvp(form, (action,), (action,))):
        with pytest.raises(TypeError, match=r"reverse mode only.*scan\(action\)"):
            derivative(lambda action: run(memory, action))
        for leaf in jax.tree.leaves(jax.eval_shape(lambda derivative=derivative: derivative(memory.scan))):
            assert leaf.dtype == jnp.float32


@pytest.mark.parametrize("name", quick(["stack", "stack in pure JAX"], "stack in pure JAX"))
def test_a_scan_has_the_reads_and_gradients_of_a_run(name):
    memory, action = memory_and_action(name)

    @jax.jit
    def pulled_back(action):
        reads, pull = jax.vjp(memory.scan, action)
        others, pull_run = jax.vjp(lambda action: run(memory, action), action)
        return (reads, pull(reads)), (others, pull_run(others))

    for one, other in zip(*map(jax.tree.leaves, pulled_back(action)), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("name", quick(MEMORIES_UNDER_TEST, "stack"))
def test_a_run_is_exported_for_sequences_of_any_length(name, unchecked_types):
    memory, action = memory_and_action(name)
    (steps,) = jax.export.symbolic_shape("steps", constraints=["steps >= 3"])
    symbolic = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct((steps, *leaf.shape[1:]), leaf.dtype), action)
    exported = jax.export.export(jax.jit(lambda action: run(memory, action)))(symbolic)
    np.testing.assert_allclose(exported.call(action), run(memory, action), atol=1e-5)
