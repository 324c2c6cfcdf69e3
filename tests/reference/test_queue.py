from collections import deque

import numpy as np
import pytest

from neuralstack.reference import queue_backward, queue_forward

WIDTH = 3
# Push and pop strengths: queues that are long, short, or emptied again and again; with ties, and without.
GENERIC = {
    "uniform": lambda rng, T: rng.random((2, T)),
    "growing": lambda rng, T: np.stack([1 - 0.1 * rng.random(T), 0.1 * rng.random(T)]),
    "emptied": lambda rng, T: np.stack([0.3 * rng.random(T), rng.random(T)]),
}
WITH_TIES = {
    "0": lambda rng, T: np.zeros((2, T)),
    "1": lambda rng, T: np.ones((2, T)),
    "0 or 1": lambda rng, T: rng.integers(0, 2, (2, T)).astype(float),
    "0 or 1, mostly pushed": lambda rng, T: (rng.random((2, T)) < [[0.9], [0.2]]).astype(float),
    "halves": lambda rng, T: rng.integers(0, 3, (2, T)) / 2,
    "eighths": lambda rng, T: rng.integers(0, 9, (2, T)) / 8,
}


def draw(kind, T=14, seed=0):
    rng = np.random.default_rng(seed)
    return *kind(rng, T), *rng.normal(size=(2, T, WIDTH))


def loss_of(r_bar):
    return lambda d, u, v: np.vdot(r_bar, queue_forward(d, u, v)[2])


def test_the_strengths_of_the_papers_figure_in_a_queue():
    v = np.array([[1.0], [2.0], [3.0]])
    s, V, r = queue_forward([0.8, 0.5, 0.9], [0.0, 0.1, 0.9], v)
    np.testing.assert_allclose(r[:, 0], [0.8, 1.3, 2.7])
    np.testing.assert_allclose(s, [[0.8, 0, 0], [0.7, 0.5, 0], [0, 0.3, 0.9]], atol=1e-12)
    np.testing.assert_array_equal(V, v)


def test_with_strengths_of_0_and_1_it_is_a_deque_popped_on_the_left():
    rng = np.random.default_rng(0)
    d, u = (rng.random((2, 60)) < [[0.6], [0.5]]).astype(float)
    s, _, r = queue_forward(d, u, np.eye(60))
    twin = deque()
    for t in range(60):
        if u[t] and twin:
            twin.popleft()
        if d[t]:
            twin.append(t)
        np.testing.assert_array_equal(np.flatnonzero(s[t]), twin)
        np.testing.assert_array_equal(r[t], np.eye(60)[twin[0]] if twin else np.zeros(60))


@pytest.mark.parametrize("kind", [*GENERIC.values(), *WITH_TIES.values()], ids=[*GENERIC, *WITH_TIES])
def test_it_is_a_line_of_intervals_whose_front_moves(kind):
    d, u, v, _ = draw(kind)
    back = np.concatenate([[0.0], np.cumsum(d)])
    front = 0.0
    for t, read in enumerate(queue_forward(d, u, v)[2]):
        front = min(back[t], front + u[t])
        starts, ends = np.maximum(back[: t + 1], front), np.minimum(back[1 : t + 2], front + 1)
        np.testing.assert_allclose(read, np.maximum(0, ends - starts) @ v[: t + 1], atol=1e-12)


@pytest.mark.parametrize("kind", GENERIC.values(), ids=GENERIC)
def test_the_derivatives_are_differences(kind, assert_derivatives):
    for seed in range(3):
        *inputs, r_bar = draw(kind, 10, seed)
        assert_derivatives(queue_backward(*inputs, r_bar), loss_of(r_bar), *inputs)


@pytest.mark.parametrize("kind", WITH_TIES.values(), ids=WITH_TIES)
def test_the_derivative_by_a_pop_at_a_tie_is_the_difference_to_a_larger_pop(kind):
    for seed in range(3):
        d, u, v, r_bar = draw(kind, seed=seed)
        loss, small = loss_of(r_bar), 2.0**-20  # exact beside eighths
        differences = [(loss(d, u + small * one, v) - loss(d, u, v)) / small for one in np.eye(len(u))]
        np.testing.assert_allclose(queue_backward(d, u, v, r_bar)[1], differences, atol=1e-8)


@pytest.mark.parametrize("kind", WITH_TIES.values(), ids=WITH_TIES)
def test_at_ties_all_derivatives_are_those_beside_it_where_pops_are_larger_and_pushes_inside_the_unit_interval(kind):
    for seed in range(3):
        d, u, v, r_bar = draw(kind, seed=seed)
        rng = np.random.default_rng(seed)
        near_d = d + 1e-9 * rng.uniform(1, 2, d.shape) * np.where(d == 1, -1, 1)
        near_u = u + 1e-6 * rng.uniform(1, 2, u.shape)
        got, wanted = queue_backward(d, u, v, r_bar), queue_backward(near_d, near_u, v, r_bar)
        np.testing.assert_allclose(got[:2], wanted[:2], atol=1e-12)  # piecewise constant in the strengths
        np.testing.assert_allclose(got[2], wanted[2], atol=1e-3)  # the weights themselves, which moved
