"""The nondeterministic stack of DuSell & Chiang (2020 and 2022): all runs of a weighted pushdown automaton at once.

"Learning Context-Free Languages with Nondeterministic Stack RNNs" (2020) defines the automaton and its three kinds of
transitions; "Learning Hierarchical Structures with Differentiable Nondeterministic Stacks" (2022) leaves the weights
unnormalized and reads the state together with the symbol on top, as here (its RNS).

A configuration is a state q and a stack of symbols, the top one last. Each step applies one transition, whose weight
depends on the state and on the symbol x on top:

    push:     go to state r, put y on top of x
    replace:  go to state r, replace x by y
    pop:      go to state r, remove x

A run is a sequence of transitions; its weight is the product of theirs. All runs start in state 0 with a stack of one
symbol, 0. This bottom symbol may be replaced but not popped: a run that would pop the lowest symbol ends there and no
longer counts.

The papers sum over the runs by dynamic programming, in O(T^3). Here every reachable configuration is kept, with the
logarithm of the total weight of the runs that lead to it. Their number grows exponentially, so this is for a few steps.
"""

import numpy as np
from jaxtyping import Float64
from numpy.typing import ArrayLike


def nondeterministic_reads(push: ArrayLike, replace: ArrayLike, pop: ArrayLike) -> Float64[np.ndarray, "T Q G"]:
    """Return the reads after each step: the joint probability of each state and each symbol on top.

    This is the weight of the runs that are in this state with this symbol on top, as a fraction of the weight of all
    runs that are still alive. (Runs that end later count until then.) Where no run is alive, the read is 0.

    Args:
        push: Log weights: push[t, q, x, r, y] is that of going from state q to r and putting y on top of x. Any number
            or -inf, of shape [T, Q, G, Q, G] for Q states and G symbols.
        replace: Log weights: replace[t, q, x, r, y] is that of going from q to r and replacing x by y. Of shape
            [T, Q, G, Q, G].
        pop: Log weights: pop[t, q, x, r] is that of going from q to r and removing x. Of shape [T, Q, G, Q].

    Returns:
        The reads: probabilities, not their logarithms, which sum to 1 at every step.

    Examples:
        One state and two symbols. The first step pushes 1 with a weight of 3, or keeps the bottom symbol with a weight
        of 1. The second step pops, which only the first of these runs survives.

        >>> push, replace = np.full((2, 2, 1, 2, 1, 2), -np.inf)
        >>> push[0, 0, 0, 0, 1], replace[0, 0, 0, 0, 0] = np.log([3, 1])
        >>> pop = [[[[-np.inf], [-np.inf]]], [[[0.0], [0.0]]]]
        >>> nondeterministic_reads(push, replace, pop).round(6).tolist()
        [[[0.25, 0.75]], [[1.0, 0.0]]]
    """
    push, replace, pop = (np.asarray(x, np.float64) for x in (push, replace, pop))
    T, Q, G, _ = pop.shape
    reads = np.zeros((T, Q, G))
    runs = {(0, (0,)): 0.0}
    for t in range(T):
        before, runs = runs, {}
        for (q, stack), weight in before.items():
            below, x = stack[:-1], stack[-1]
            for r in range(Q):
                for y in range(G):
                    _add(runs, (r, (*below, x, y)), weight + push[t, q, x, r, y])
                    _add(runs, (r, (*below, y)), weight + replace[t, q, x, r, y])
                if below:
                    _add(runs, (r, below), weight + pop[t, q, x, r])
        heaviest = max(runs.values(), default=0.0)
        for (q, stack), weight in runs.items():
            reads[t, q, stack[-1]] += np.exp(weight - heaviest)
        reads[t] /= max(1, reads[t].sum())  # the heaviest configuration alone counts 1, if there is any
    return reads


def _add(runs: dict[tuple[int, tuple[int, ...]], float], configuration: tuple[int, tuple[int, ...]], weight: float):
    """Add the weight of further runs that lead to a configuration, unless their log weight is -inf."""
    if weight > -np.inf:
        runs[configuration] = float(np.logaddexp(runs.get(configuration, -np.inf), weight))
