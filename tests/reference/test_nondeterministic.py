import numpy as np
import pytest

from neuralstack.reference import nondeterministic_reads


def draw(seed, T, Q, G):
    """Log weights of every transition at every step."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(T, Q, G, Q, G)), rng.normal(size=(T, Q, G, Q, G)), rng.normal(size=(T, Q, G, Q))


def nothing(T, Q, G):
    """No transition at all."""
    return [np.full(shape, -np.inf) for shape in ((T, Q, G, Q, G), (T, Q, G, Q, G), (T, Q, G, Q))]


def one_read(Q, G, state, symbol):
    read = np.zeros((Q, G))
    read[state, symbol] = 1
    return read


def by_recurrence(push, replace, pop):
    """Sum over the runs from push to pop (Lang's algorithm), as in the papers, with weights instead of logarithms.

    inner[i, t][q, x, r, y] is the weight of the runs that start at time i in state q with x on top, and at time t are
    in state r with y on top, where y is what the step after i pushed on x, replaced or not, and was on the stack ever
    since. The first symbol counts as pushed by a step before the first.
    """
    push, replace, pop = np.exp(push), np.exp(replace), np.exp(pop)
    T, Q, G, _ = pop.shape
    inner = {(-1, 0): np.zeros((Q, G, Q, G))}
    inner[-1, 0][0, 0, 0, 0] = 1
    ahead = {-1: np.zeros((Q, G))}  # the weight of all runs by their state and top, at each time
    ahead[-1][0, 0] = 1
    ahead[0] = ahead[-1]
    reads = np.zeros((T, Q, G))
    for t in range(1, T + 1):
        for i in range(-1, t):
            new = push[t - 1].copy() if i == t - 1 else np.zeros((Q, G, Q, G))
            if i < t - 1:
                new += np.einsum("qxsz, szry -> qxry", inner[i, t - 1], replace[t - 1])
            for k in range(i + 1, t - 1):
                new += np.einsum("qxuy, uysz, szr -> qxry", inner[i, k], inner[k, t - 1], pop[t - 1])
            inner[i, t] = new
        ahead[t] = sum(np.einsum("qx, qxry -> ry", ahead[i], inner[i, t]) for i in range(-1, t))
        reads[t - 1] = ahead[t] / ahead[t].sum()
    return reads


@pytest.mark.parametrize(("T", "Q", "G"), [(1, 2, 3), (6, 1, 1), (6, 1, 2), (6, 2, 1), (5, 2, 2), (3, 3, 3)])
def test_the_recurrence_over_runs_from_push_to_pop_has_the_same_reads(T, Q, G):
    weights = draw(T, T, Q, G)
    np.testing.assert_allclose(nondeterministic_reads(*weights), by_recurrence(*weights), rtol=1e-10)


@pytest.mark.parametrize(("T", "Q", "G"), [(4, 2, 2), (4, 1, 3)])
def test_each_read_is_a_distribution_and_needs_no_normalized_weights(T, Q, G):
    weights = draw(0, T, Q, G)
    reads = nondeterministic_reads(*weights)
    assert reads.shape == (T, Q, G)
    assert (reads > 0).all()
    np.testing.assert_allclose(reads.sum((1, 2)), 1)
    for shift in (-1000.0, 1000.0):
        np.testing.assert_allclose(nondeterministic_reads(*(w + shift for w in weights)), reads, rtol=1e-10)


def test_one_deterministic_automaton_is_followed_step_by_step():
    T, Q, G = 40, 3, 4
    rng = np.random.default_rng(1)
    push, replace, pop = nothing(T, Q, G)
    stack, state, wanted = [0], 0, []
    for t in range(T):
        moves = {}
        for q in range(Q):
            for x in range(G):
                # The symbol 0 is reserved for the bottom: it is never popped.
                kind, r, y = rng.integers(0, 3 if x else 1), rng.integers(Q), rng.integers(1, G)
                moves[q, x] = kind, r, y
                if kind == 0:
                    push[t, q, x, r, y] = rng.normal()
                elif kind == 1:
                    replace[t, q, x, r, y] = rng.normal()
                else:
                    pop[t, q, x, r] = rng.normal()
        kind, state, symbol = moves[state, stack[-1]]
        stack = {0: [*stack, symbol], 1: [*stack[:-1], symbol], 2: stack[:-1]}[int(kind)]
        wanted.append(one_read(Q, G, state, stack[-1]))
    np.testing.assert_array_equal(nondeterministic_reads(push, replace, pop), wanted)


def test_the_bottom_symbol_is_replaced_but_never_popped():
    push, replace, pop = nothing(3, 1, 2)
    replace[0, 0, 0, 0, 1] = 0  # at first the bottom becomes 1,
    push[1, 0, 1, 0, 0] = pop[1, 0, 1, 0] = 0  # then half of the weight would pop it, and the other half pushes 0,
    pop[2, 0, 0, 0] = 0  # which is popped
    reads = nondeterministic_reads(push, replace, pop)
    np.testing.assert_array_equal(reads[:, 0], [[0, 1], [1, 0], [0, 1]])


def test_nothing_is_read_once_no_run_is_alive():
    push, replace, pop = nothing(3, 2, 2)
    push[0, 0, 0, 1, 1] = push[2, 0, 0, 0, 0] = pop[1, 0, 1, 0] = 0
    reads = nondeterministic_reads(push, replace, pop)
    np.testing.assert_array_equal(reads, [one_read(2, 2, 1, 1), np.zeros((2, 2)), np.zeros((2, 2))])


def test_two_runs_that_meet_count_together():
    push, replace, pop = nothing(2, 2, 2)
    push[0, 0, 0, :, 1] = np.log([[1.0, 2.0]])  # to either state,
    replace[1, :, 1, 0, 1] = 0  # from both to state 0,
    replace[1, 0, 1, 1, 1] = 0  # and from state 0 to state 1 as well
    reads = nondeterministic_reads(push, replace, pop)
    np.testing.assert_allclose(reads, [[[0, 1 / 3], [0, 2 / 3]], [[0, 3 / 4], [0, 1 / 4]]])
