import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

from neuralstack import GRU, Machine, NeuralStack


@pytest.mark.slow
@pytest.mark.parametrize("connection", ["layer", "feedback"])
def test_a_machine_and_its_gradient_leave_no_tracers_behind(connection):
    key, tokens = jax.random.key(0), jnp.arange(4)
    machine = Machine(GRU(2, 3, key=key), NeuralStack(2), 5, connection=connection, key=key)
    with jax.check_tracer_leaks():
        assert machine(tokens).shape == (4, 5)
        gradient = eqx.filter_grad(lambda machine: machine(tokens).sum())(machine)
    assert jnp.isfinite(gradient.embedding).all()
