import numpy as np
import pytest

from neuralstack.reference import superposition_backward, superposition_forward

PUSH, POP, NOOP = np.eye(3)


def draw(seed, T=9, width=2):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(3), size=T), rng.normal(size=(T, width)), rng


def test_three_steps_by_hand():
    cells = superposition_forward([PUSH, [0.5, 0, 0.5], [0.25, 0.5, 0.25]], [[1], [3], [5]])
    np.testing.assert_array_equal(
        cells[:, :, 0],
        [
            [1, -1, -1],
            [2, 0, -1],
            [0.25 * 5 + 0.5 * 0 + 0.25 * 2, 0.25 * 2 - 0.5 * 1 + 0.25 * 0, 0.25 * 0 - 0.75 * 1],
        ],
    )


def test_with_one_action_at_a_time_it_is_a_list():
    rng = np.random.default_rng(0)
    actions = rng.choice(3, size=60, p=[0.5, 0.3, 0.2])
    cells = superposition_forward(np.eye(3)[actions], np.arange(60.0)[:, None])
    twin = []
    for t, action in enumerate(actions):
        if action == 0:
            twin.append(t)
        elif action == 1:
            twin = twin[:-1]
        np.testing.assert_array_equal(cells[t, :, 0], twin[::-1] + [-1] * (60 - len(twin)))


def test_it_is_the_mean_of_the_lists_that_all_choices_of_actions_make():
    a, v, _ = draw(0, T=5)
    mean = np.zeros((5, 2))
    for choice in np.ndindex(*[3] * 5):
        chance = np.prod(a[range(5), choice])
        mean += chance * superposition_forward(np.eye(3)[list(choice)], v)[-1]
    np.testing.assert_allclose(superposition_forward(a, v)[-1], mean, atol=1e-12)


@pytest.mark.parametrize("empty", [-1.0, 0.0])
def test_deeper_than_it_has_steps_every_cell_is_empty(empty):
    a, v, _ = draw(0)
    cells = superposition_forward(a, v, depth=13, empty=empty)
    np.testing.assert_allclose(cells[:, 9:], empty, rtol=1e-12)
    np.testing.assert_allclose(cells[:, :9], superposition_forward(a, v, empty=empty), rtol=1e-12)


def test_what_is_pushed_out_of_the_last_cell_is_lost():
    cells = superposition_forward([PUSH, PUSH, PUSH, POP, POP], [[1], [2], [3], [4], [5]], depth=2)
    np.testing.assert_array_equal(cells[:, :, 0], [[1, -1], [2, 1], [3, 2], [2, -1], [-1, -1]])


@pytest.mark.parametrize(("depth", "empty"), [(9, -1.0), (9, 0.0), (2, -1.0), (1, -1.0), (12, 0.5)])
def test_the_derivatives_are_differences(depth, empty, assert_derivatives):
    a, v, rng = draw(depth)
    cells_bar = rng.normal(size=(9, depth, 2))

    def loss(a, v):
        return np.vdot(cells_bar, superposition_forward(a, v, depth, empty))

    assert_derivatives(superposition_backward(a, v, cells_bar, empty), loss, a, v)


def test_derivatives_of_single_actions_are_differences_too(assert_derivatives):
    rng = np.random.default_rng(0)
    a, v, cells_bar = np.eye(3)[rng.integers(0, 3, 9)], rng.normal(size=(9, 2)), rng.normal(size=(9, 9, 2))

    def loss(a, v):
        return np.vdot(cells_bar, superposition_forward(a, v))

    assert_derivatives(superposition_backward(a, v, cells_bar), loss, a, v)
