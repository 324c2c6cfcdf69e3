import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neuralstack import (
    GRU,
    LSTM,
    BoundedController,
    Connection,
    Elman,
    NeuralStack,
    NoMemory,
    Reversal,
    harden,
)
from neuralstack.controllers import phase_of
from neuralstack.discretization import draw_walk, visit
from small import drawn_machine

TASK = Reversal(6, alphabet="ab")


def fading():
    """A controller that keeps one number, which decays slowly, and outputs it."""
    return eqx.tree_at(
        lambda controller: jax.tree.leaves(controller),  # weights of the input and the state, bias, initial state
        Elman(1, 1, key=jax.random.key(0)),
        [jnp.zeros((1, 1)), jnp.ones((1, 1)), jnp.zeros(1), jnp.ones(1)],
    )


def shown(controller, steps):
    def step(state, _):
        return controller.step(state, jnp.zeros(1))

    return np.asarray(jax.lax.scan(step, controller.init(), None, steps)[1])


def test_a_state_that_fades_beyond_the_training_lengths_is_held():
    weights, bias = jnp.array([[10.0]]), jnp.array([-1.0])
    seen = shown(fading(), 8)
    bounded = BoundedController.from_trajectories(fading(), weights, bias, (seen,), seen)
    assert phase_of(jnp.asarray(shown(fading(), 1000)) @ weights + bias)[-1] == 0
    assert phase_of(jnp.asarray(shown(bounded, 1000)) @ weights + bias).min() == 1
    np.testing.assert_array_equal(shown(bounded, 8), seen)


def test_a_phase_that_was_never_met_is_not_bounded():
    bounded = BoundedController.from_trajectories(
        fading(), jnp.array([[1.0]]), jnp.array([-5.0]), (np.ones((3, 1)),), np.ones((3, 1))
    )
    assert jnp.isneginf(bounded.low[0][1]).all()
    assert jnp.isposinf(bounded.high[0][1]).all()
    np.testing.assert_array_equal(bounded.low[0][0], 1)


def test_gates_that_do_not_see_the_state_give_it_one_phase():
    connection = Connection(gates_see_state=False, gates_see_input=True)
    machine = drawn_machine(Elman, NeuralStack(4), TASK.vocab_size, hidden=6, embedding=4, connection=connection)
    np.testing.assert_array_equal(harden(machine, TASK).controller.gate_weights, np.zeros((6, 2)))


@pytest.mark.parametrize(("kind", "connection"), [(GRU, "layer"), (LSTM, "feedback"), (Elman, "paper")])
@pytest.mark.slow
def test_on_the_training_lengths_a_bounded_machine_is_the_rounded_one(kind, connection):
    machine = drawn_machine(kind, NeuralStack(4), TASK.vocab_size, hidden=6, embedding=4, connection=connection)
    rounded, bounded = harden(machine), harden(machine, TASK)
    assert isinstance(bounded.controller, BoundedController)
    walk = draw_walk(TASK, jax.random.key(0), 256)  # the sequences on which the bounds were found
    for tokens in walk.tokens[:3]:
        np.testing.assert_allclose(bounded(tokens), rounded(tokens), atol=1e-6)
    np.testing.assert_array_equal(bounded.controller.gate_weights, machine.action_weights[:, :2])
    np.testing.assert_array_equal(bounded.controller.gate_bias, machine.action_bias[:2])
    low, high = bounded.controller.low, bounded.controller.high
    states = visit(bounded, draw_walk(TASK, jax.random.key(5), 20)).states
    for leaf, least, most in zip(*map(jax.tree.leaves, (states, low, high)), strict=True):
        assert (leaf >= least.min(0) - 1e-6).all()
        assert (leaf <= most.max(0) + 1e-6).all()


def test_a_machine_without_a_memory_is_left_as_it_is():
    machine = drawn_machine(GRU, NoMemory(), 5, hidden=6, embedding=4, connection="paper")
    assert isinstance(harden(machine, TASK).controller, GRU)


def test_a_phase_has_a_bit_for_each_gate():
    assert phase_of(jnp.array([[1.0, -1.0], [-1.0, 2.0], [0.0, 0.0]])).tolist() == [1, 2, 3]
