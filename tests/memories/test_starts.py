"""Sequences laid end to end do not see each other's elements: a start empties the memory before its step."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import MEMORIES_UNDER_TEST, quick
from neuralstack import Action, DequeAction, HardStack, NeuralDeque, NeuralStack, Quantized

STEPS, WIDTH = 45, 3
STARTS = [0, 7, 8, 40]
CAN_BE_EMPTIED = [name for name in MEMORIES_UNDER_TEST if name.split()[0] in ("stack", "queue", "deque")]


def with_gradient(run, action, cotangent):
    reads, pull = jax.vjp(run, action)
    return reads, pull(cotangent)[0]


@pytest.mark.parametrize("name", quick(CAN_BE_EMPTIED, "queue", "stack in pure JAX"))
def test_reads_and_gradients_are_those_of_each_sequence_alone(name, float64):
    memory = MEMORIES_UNDER_TEST[name](WIDTH)
    raw, cotangent = (jax.random.normal(jax.random.key(seed), (STEPS, memory.action_size)) for seed in (0, 1))
    cotangent = cotangent[:, : memory.read_size]
    action = jax.vmap(memory.decode)(raw.at[:, 1].add(-0.5))
    starts = jnp.zeros(STEPS, bool).at[np.array(STARTS)].set(True)
    packed = jax.jit(lambda *given: with_gradient(lambda action: memory.run(action, starts=starts), *given))
    got = packed(action, cotangent)
    alone = jax.jit(lambda *given: with_gradient(memory.run, *given))
    for first, end in zip(STARTS, [*STARTS[1:], STEPS], strict=True):
        part, *parts = (jax.tree.map(lambda leaf: leaf[first:end], tree) for tree in (got, action, cotangent))  # noqa: B023
        jax.tree.map(lambda one, other: np.testing.assert_allclose(one, other, atol=1e-12), part, alone(*parts))


def test_a_pop_at_a_start_of_a_full_memory_has_no_gradient_as_on_an_empty_one():
    def total(action):
        return NeuralStack(1).run(action, starts=jnp.array([True, False, True])).sum()

    gradient = jax.grad(total)(Action(jnp.full(3, 0.25), jnp.full(3, 0.125), jnp.ones((3, 1))))
    assert gradient.pop.tolist() == [0.0, -1.0, 0.0]


def test_a_memory_of_discrete_or_of_two_ends_is_emptied_too():
    push, silent, values = jnp.ones(3), jnp.zeros(3), jnp.arange(1.0, 4)[:, None]
    quantized = Quantized(NeuralDeque(1)).run(
        DequeAction(Action(push, silent, values), Action(silent, silent, values)), starts=jnp.array([True, False, True])
    )
    assert quantized.tolist() == [[1.0, 1.0], [2.0, 1.0], [3.0, 3.0]]


def test_a_memory_that_no_action_empties_says_so():
    action = Action(jnp.ones(2), jnp.zeros(2), jnp.ones((2, 1)))
    message = "HardStack has no action that empties it: leave starts out, and run each sequence alone."
    with pytest.raises(TypeError, match=re.escape(message)):
        HardStack(1).run(action, starts=jnp.array([True, False]))
