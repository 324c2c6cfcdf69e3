from collections import deque

import numpy as np
import pytest

from neuralstack.reference import (
    deque_backward,
    deque_forward,
    queue_backward,
    queue_forward,
    stack_backward,
    stack_forward,
)

WIDTH = 3
# Strengths in the order d_top, u_top, d_bot, u_bot: long lines, short ones, ones that are emptied again and again.
GENERIC = {
    "uniform": lambda rng, T: rng.random((4, T)),
    "growing": lambda rng, T: np.array([[0.9], [0], [0.9], [0]]) + 0.1 * rng.random((4, T)),
    "emptied": lambda rng, T: np.array([[0.3], [1], [0.3], [1]]) * rng.random((4, T)),
    "passing through": lambda rng, T: np.array([[1], [0.1], [0.1], [1]]) * rng.random((4, T)),
}
WITH_TIES = {
    "0": lambda rng, T: np.zeros((4, T)),
    "1": lambda rng, T: np.ones((4, T)),
    "0 or 1": lambda rng, T: rng.integers(0, 2, (4, T)).astype(float),
    "0 or 1, mostly pushed": lambda rng, T: (rng.random((4, T)) < [[0.7], [0.3], [0.7], [0.3]]).astype(float),
    "halves": lambda rng, T: rng.integers(0, 3, (4, T)) / 2,
    "eighths": lambda rng, T: rng.integers(0, 9, (4, T)) / 8,
    "weak eighths": lambda rng, T: rng.integers(0, 4, (4, T)) / 8,
}
ALL = GENERIC | WITH_TIES
EVERY_DAY = ("0 or 1", "halves", "weak eighths")
with_ties = pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, id=name, marks=[pytest.mark.slow] * (name not in EVERY_DAY))
        for name, kind in WITH_TIES.items()
    ],
)


def draw(kind, T=12, seed=0):
    """One sequence, its arguments in order, and cotangents of the reads at both ends."""
    rng = np.random.default_rng(seed)
    d_top, u_top, d_bot, u_bot = kind(rng, T)
    v_top, v_bot, *r_bars = rng.normal(size=(4, T, WIDTH))
    return (d_top, u_top, v_top, d_bot, u_bot, v_bot), r_bars


def loss_of(r_top_bar, r_bot_bar):
    def loss(*inputs):
        _, _, r_top, r_bot = deque_forward(*inputs)
        return np.vdot(r_top_bar, r_top) + np.vdot(r_bot_bar, r_bot)

    return loss


def assert_same(got, wanted):
    for one, other in zip(got, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)


def test_two_steps_by_hand():
    s, V, r_top, r_bot = deque_forward([0.5, 0.4], [0, 0.2], [[1], [2]], [0.5, 0], [0, 0.1], [[10], [20]])
    np.testing.assert_array_equal(V, [[20], [10], [1], [2]])
    np.testing.assert_allclose(s, [[0, 0.5, 0.5, 0], [0, 0.4, 0.3, 0.4]])
    np.testing.assert_allclose(r_top[:, 0], [5.5, 2 * 0.4 + 1 * 0.3 + 10 * 0.3])
    np.testing.assert_allclose(r_bot[:, 0], [5.5, 10 * 0.4 + 1 * 0.3 + 2 * 0.3])


def test_with_strengths_of_0_and_1_it_is_a_deque():
    rng = np.random.default_rng(0)
    d_top, u_top, d_bot, u_bot = (rng.random((4, 40)) < [[0.5], [0.4], [0.5], [0.4]]).astype(float)
    rows = np.eye(80)
    s, V, r_top, r_bot = deque_forward(d_top, u_top, rows[:40], d_bot, u_bot, rows[40:])
    names = V.argmax(1)
    twin = deque()
    for t in range(40):
        if u_top[t] and twin:
            twin.pop()
        if u_bot[t] and twin:
            twin.popleft()
        if d_top[t]:
            twin.append(t)
        if d_bot[t]:
            twin.appendleft(40 + t)
        np.testing.assert_array_equal(names[np.flatnonzero(s[t])], twin)
        np.testing.assert_array_equal(r_top[t], rows[twin[-1]] if twin else np.zeros(80))
        np.testing.assert_array_equal(r_bot[t], rows[twin[0]] if twin else np.zeros(80))


def test_the_last_element_goes_to_the_pop_of_the_top():
    values = [[1.0], [2.0]]
    _, _, _, r_bot = deque_forward([1, 0], [0, 0.25], values, [0, 0], [0, 1], values)
    np.testing.assert_array_equal(r_bot, [[1], [0]])
    top_bar = deque_backward([1, 0], [0, 0.25], values, [0, 0], [0, 0.25], values, np.zeros((2, 1)), np.ones((2, 1)))
    assert [top_bar[1][1], top_bar[4][1]] == [-1, -1]


@pytest.mark.parametrize("kind", ALL.values(), ids=ALL)
def test_with_a_silent_bottom_its_top_is_the_stack(kind):
    for seed in range(3):
        (d, u, v, _, _, v_bot), (r_bar, _) = draw(kind, seed=seed)
        silent, inputs = np.zeros_like(d), (d, u, v)
        s, _, r_top, _ = deque_forward(*inputs, silent, silent, v_bot)
        s_stack, _, r_stack = stack_forward(*inputs)
        assert_same((s[:, len(d) :], r_top), (s_stack, r_stack))
        gradients = deque_backward(*inputs, silent, silent, v_bot, r_bar, np.zeros_like(r_bar))
        assert_same(gradients[:3], stack_backward(*inputs, r_bar))


@pytest.mark.parametrize("kind", ALL.values(), ids=ALL)
def test_pushed_on_top_and_popped_at_the_bottom_its_bottom_is_the_queue(kind):
    for seed in range(3):
        (d, u, v, _, _, v_bot), (r_bar, _) = draw(kind, seed=seed)
        silent = np.zeros_like(d)
        inputs = d, silent, v, silent, u, v_bot
        s, _, _, r_bot = deque_forward(*inputs)
        s_queue, _, r_queue = queue_forward(d, u, v)
        assert_same((s[:, len(d) :], r_bot), (s_queue, r_queue))
        d_bar, _, v_bar, _, u_bar, _ = deque_backward(*inputs, np.zeros_like(r_bar), r_bar)
        d_queue_bar, *others = queue_backward(d, u, v, r_bar)
        assert_same((u_bar, v_bar), others)
        # An element pushed with a strength of 0 is gone after a pop of the top that is slightly larger than 0.
        assert_same((d_bar[d > 0],), (d_queue_bar[d > 0],))


@pytest.mark.parametrize("kind", ALL.values(), ids=ALL)
def test_turned_upside_down_it_reads_the_same_at_the_other_end(kind):
    inputs, r_bars = draw(kind)
    turned = *inputs[3:], *inputs[:3]
    s, V, r_top, r_bot = deque_forward(*inputs)
    assert_same(deque_forward(*turned), (s[:, ::-1], V[::-1], r_bot, r_top))
    gradients = deque_backward(*inputs, *r_bars)
    assert_same(deque_backward(*turned, *r_bars[::-1]), (*gradients[3:], *gradients[:3]))


@pytest.mark.parametrize("kind", ALL.values(), ids=ALL)
def test_it_is_a_line_of_intervals_with_two_free_ends(kind):
    (d_top, u_top, v_top, d_bot, u_bot, v_bot), _ = draw(kind)
    s, V, r_top, r_bot = deque_forward(d_top, u_top, v_top, d_bot, u_bot, v_bot)
    T, lo, hi = len(d_top), 0.0, 0.0
    lower, upper = np.zeros((2, 2 * T))
    for t in range(T):
        hi = max(lo, hi - u_top[t])
        lo = min(hi, lo + u_bot[t])
        lower, upper = np.clip([lower, upper], lo, hi)
        lower[T + t], upper[T + t] = hi, hi + d_top[t]
        lower[T - 1 - t], upper[T - 1 - t] = lo - d_bot[t], lo
        lo, hi = lo - d_bot[t], hi + d_top[t]

        def seen(start, end, lower=lower, upper=upper):
            return np.maximum(0, np.minimum(upper, end) - np.maximum(lower, start)) @ V

        assert_same((upper - lower, seen(hi - 1, hi), seen(lo, lo + 1)), (s[t], r_top[t], r_bot[t]))


@pytest.mark.parametrize("kind", GENERIC.values(), ids=GENERIC)
def test_the_derivatives_are_differences(kind, assert_derivatives):
    for seed in range(2):
        inputs, r_bars = draw(kind, 6, seed)
        assert_derivatives(deque_backward(*inputs, *r_bars), loss_of(*r_bars), *inputs)


@with_ties
def test_the_derivative_by_a_pop_at_a_tie_is_the_difference_to_a_larger_pop(kind):
    for seed in range(3):
        inputs, r_bars = draw(kind, 8, seed)
        gradients = deque_backward(*inputs, *r_bars)
        loss, small = loss_of(*r_bars), 2.0**-20  # exact beside eighths
        for place in (1, 4):  # u_top, u_bot
            for t in range(8):
                larger = [x.copy() for x in inputs]
                larger[place][t] += small
                difference = (loss(*larger) - loss(*inputs)) / small
                np.testing.assert_allclose(gradients[place][t], difference, atol=1e-8)


@with_ties
def test_at_ties_all_derivatives_are_those_beside_it_where_pops_are_larger_and_pushes_inside_the_unit_interval(kind):
    for seed in range(3):
        inputs, r_bars = draw(kind, seed=seed)
        rng = np.random.default_rng(seed)

        def beside(push, pop, value, rng=rng):
            inside = np.where(push == 0, 1e-12, push - 1e-9 * rng.uniform(1, 2, push.shape))
            return inside, pop + 1e-6 * rng.uniform(1, 2, pop.shape), value

        got = deque_backward(*inputs, *r_bars)
        wanted = deque_backward(*beside(*inputs[:3]), *beside(*inputs[3:]), *r_bars)
        for place in (0, 1, 3, 4):  # piecewise constant in the strengths
            np.testing.assert_allclose(got[place], wanted[place], atol=1e-12)
        for place in (2, 5):  # the weights themselves, which moved
            np.testing.assert_allclose(got[place], wanted[place], atol=1e-3)


def test_two_pushes_of_together_1_into_an_empty_line_have_the_derivatives_towards_weaker_pushes():
    gradients = deque_backward([0.25], [0], [[3.0]], [0.75], [0], [[5.0]], [[1.0]], [[0.0]])
    assert [gradients[0].item(), gradients[3].item()] == [3, 5]
