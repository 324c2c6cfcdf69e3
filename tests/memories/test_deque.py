"""Promises of a DeQue alone: with one end silent, or each end with one use, it is a simpler memory."""

from collections import deque
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neuralstack import Action, DequeAction, NeuralDeque, NeuralQueue, NeuralStack, run
from neuralstack.reference import deque_backward, deque_forward

STEPS, WIDTH = 24, 3
KINDS = {
    "soft": lambda rng: rng.random((4, STEPS)),
    "mostly pushed": lambda rng: rng.random((4, STEPS)) ** [[0.3], [3], [0.3], [3]],
    "emptied": lambda rng: rng.random((4, STEPS)) * [[0.4], [1], [0.4], [1]],
    "0 or 1": lambda rng: rng.integers(0, 2, (4, STEPS)).astype(float),
    "halves": lambda rng: rng.integers(0, 3, (4, STEPS)) / 2,
}


@partial(jax.jit, static_argnums=0)
def pulled_back(memory, action, cotangent):
    reads, pull = jax.vjp(partial(run, memory), action)
    return reads, *pull(cotangent)


def draw(kind):
    rng = np.random.default_rng(0)
    return KINDS[kind](rng), rng.normal(size=(2, STEPS, WIDTH)), rng.normal(size=(STEPS, 2 * WIDTH))


@pytest.mark.parametrize("kind", ["soft", "mostly pushed", "emptied"])
def test_reads_and_gradients_are_those_of_the_reference(kind, float64):
    (d_top, u_top, d_bottom, u_bottom), (v_top, v_bottom), cotangent = draw(kind)
    action = DequeAction(Action(d_top, u_top, v_top), Action(d_bottom, u_bottom, v_bottom))
    reads, gradient = pulled_back(NeuralDeque(WIDTH), action, cotangent)
    given = d_top, u_top, v_top, d_bottom, u_bottom, v_bottom
    wanted = deque_forward(*given)[2:]
    np.testing.assert_allclose(reads, np.concatenate(wanted, axis=1), atol=1e-12)
    wanted = deque_backward(*given, *np.split(cotangent, 2, axis=1))
    for one, other in zip((*gradient.top, *gradient.bottom), wanted, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_reads_at_ties_too_are_those_of_the_reference(kind, float64):
    (d_top, u_top, d_bottom, u_bottom), (v_top, v_bottom), _ = draw(kind)
    reads = run(NeuralDeque(WIDTH), DequeAction(Action(d_top, u_top, v_top), Action(d_bottom, u_bottom, v_bottom)))
    wanted = deque_forward(d_top, u_top, v_top, d_bottom, u_bottom, v_bottom)[2:]
    np.testing.assert_allclose(reads, np.concatenate(wanted, axis=1), atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_with_the_bottom_silent_it_is_the_stack_in_reads_and_gradients(kind, float64):
    (push, pop, *_), (values, _), cotangent = draw(kind)
    cotangent[:, WIDTH:] = 0
    action, silent = Action(push, pop, values), Action(0 * push, 0 * pop, 0 * values)
    reads, gradient = pulled_back(NeuralDeque(WIDTH), DequeAction(action, silent), cotangent)
    wanted = pulled_back(NeuralStack(WIDTH), action, cotangent[:, :WIDTH])
    for one, other in zip((reads[:, :WIDTH], *gradient.top), (wanted[0], *wanted[1]), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


@pytest.mark.parametrize("kind", ["soft", "mostly pushed", "emptied"])
def test_pushed_on_top_and_popped_at_the_bottom_it_is_the_queue_in_reads_and_gradients(kind, float64):
    (push, pop, *_), (values, _), cotangent = draw(kind)
    cotangent[:, :WIDTH] = 0
    none = np.zeros(STEPS)
    action = DequeAction(Action(push, none, values), Action(none, pop, 0 * values))
    reads, gradient = pulled_back(NeuralDeque(WIDTH), action, cotangent)
    wanted, queue_gradient = pulled_back(NeuralQueue(WIDTH), Action(push, pop, values), cotangent[:, WIDTH:])
    np.testing.assert_allclose(reads[:, WIDTH:], wanted, atol=1e-12)
    found = gradient.top.push, gradient.bottom.pop, gradient.top.value
    for one, other in zip(found, queue_gradient, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


def test_with_strengths_of_0_and_1_it_is_pythons_own():
    rng = np.random.default_rng(1)
    memory = NeuralDeque(2 * STEPS)
    reads_of = jax.jit(partial(run, memory))
    for _ in range(10):
        strengths = (rng.random((4, STEPS)) < 0.5).astype(np.float32)
        values = np.split(np.eye(2 * STEPS, dtype=np.float32), 2)
        reads = reads_of(
            DequeAction(Action(*strengths[:2], jnp.asarray(values[0])), Action(*strengths[2:], jnp.asarray(values[1])))
        )
        items = deque()
        for time, (d_top, u_top, d_bottom, u_bottom) in enumerate(strengths.T):
            if u_top and items:
                items.pop()
            if u_bottom and items:
                items.popleft()
            if d_top:
                items.append(time)
            if d_bottom:
                items.appendleft(STEPS + time)
            wanted = [np.eye(2 * STEPS)[items[end]] if items else np.zeros(2 * STEPS) for end in (-1, 0)]
            np.testing.assert_array_equal(reads[time], np.concatenate(wanted))


def test_elements_pushed_beyond_its_room_are_lost_and_the_others_stay():
    memory, one = NeuralDeque(1), jnp.ones(())
    state, step = memory.init(1), jax.jit(memory.step)
    for values in ((1.0, 2.0), (3.0, 4.0)):
        state, _ = step(state, DequeAction(*[Action(one, 0 * one, jnp.array([value])) for value in values]))
    _, read = step(state, DequeAction(*[Action(0 * one, one, jnp.zeros(1))] * 2))
    np.testing.assert_array_equal(read, [1, 2])


@pytest.mark.slow
def test_an_untrained_controller_grows_it_at_the_top_and_sees_the_oldest_value_at_the_bottom():
    memory = NeuralDeque(1)
    raw = jnp.tile(memory.initial_bias(), (30, 1)).at[:, -2].set(jnp.linspace(-0.9, 0.9, 30))  # a rising value on top
    oldest, latest = run(memory, memory.decode(raw))[-1][::-1]
    assert oldest < 0 < latest
