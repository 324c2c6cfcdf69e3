"""Derivatives of a machine: of gradients too where it is traced, step by step."""

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

from cases import quick
from neuralstack import GRU, NeuralStack
from small import drawn_machine

WEIGHTS, STRUCTURE = eqx.partition(drawn_machine(GRU, NeuralStack(2), 3, hidden=2, embedding=2), eqx.is_inexact_array)
TOKENS = jnp.array([0, 2, 1])
FORMS = {"call": lambda machine: machine(TOKENS), "trace": lambda machine: machine.trace(TOKENS).logits}


def loss(form):
    return lambda weights: (FORMS[form](eqx.combine(weights, STRUCTURE)) ** 2).sum()


def forward_over_reverse(function):
    return jax.jvp(jax.grad(function), (WEIGHTS,), (WEIGHTS,))[1]


def reverse_over_reverse(function):
    first = jax.grad(function)
    return jax.grad(lambda weights: sum((leaf**2).sum() for leaf in jax.tree.leaves(first(weights))))(WEIGHTS)


@pytest.mark.parametrize("derivative", quick([forward_over_reverse, reverse_over_reverse], forward_over_reverse))
def test_a_trace_has_derivatives_of_gradients_which_a_call_refuses(derivative):
    second = jax.eval_shape(lambda: derivative(loss("trace")))
    assert jax.tree.structure(second) == jax.tree.structure(WEIGHTS)
    with pytest.raises(TypeError, match=r"in reverse mode only.*or the machine's trace\(tokens\)"):
        jax.eval_shape(lambda: derivative(loss("call")))


@pytest.mark.parametrize("form", FORMS)
def test_a_machine_has_no_forward_mode(form):
    with pytest.raises(TypeError, match="forward-mode"):
        jax.jvp(loss(form), (WEIGHTS,), (WEIGHTS,))
