"""The nondeterministic stack of DuSell & Chiang (2020 and 2022)."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from neuralstack.memories._base import AbstractMemory
from neuralstack.memories._validation import fit, strength_dtype, value_dtype

IMPOSSIBLE = -1e30
"""The log weight of impossible runs: finite, so that neither it nor a gradient is ever NaN."""


class NondeterministicAction(NamedTuple):
    """Log weights of the transitions of a pushdown automaton, at one step or at every step of a sequence.

    They need not be normalized: any number is allowed, and numbers below -5e29, including -inf, mean no transition.
    The automaton goes from state q with symbol x on top to state r; y is the new symbol on top.

    Attributes:
        push: Of putting y on top of x, indexed by q, x, r, y; of shape [*steps, states, symbols, states, symbols].
        replace: Of replacing x by y, indexed by q, x, r, y; of the same shape.
        pop: Of removing x, indexed by q, x, r; of shape [*steps, states, symbols, states].
    """

    push: Float[Array, "*steps states symbols states symbols"]
    replace: Float[Array, "*steps states symbols states symbols"]
    pop: Float[Array, "*steps states symbols states"]


class NondeterministicState(NamedTuple):
    """Log weights of all runs so far, and the last read.

    Time 0 is before the push of the bottom symbol, time 1 before the first step, time t + 1 after step t.

    Attributes:
        gamma: Indexed by i, t, q, x, r, y: of the runs from state q with x on top at time i to state r with y on top at
            time t, in which y is in the place that the push right after time i filled, and x is never uncovered.
        alpha: Indexed by t, r, y: of the runs from the start to state r with y on top at time t.
        read: The last read.
        time: Number of steps taken.
    """

    gamma: Float[Array, "times times states symbols states symbols"]
    alpha: Float[Array, "times states symbols"]
    read: Float[Array, " read"]
    time: Int[Array, ""]


class NondeterministicStack(AbstractMemory):
    r"""All runs of a weighted pushdown automaton at once (DuSell & Chiang, 2020; 2022).

    At each step the controller emits the weight of every transition of an automaton with `states` states $q, r, s, u$
    and `symbols` stack symbols $x, y, z$: a push, a replacement of the symbol on top, or a pop. The weight of a run is
    the product of the weights of its transitions. Runs start in state 0 with the symbol 0 at the bottom, which may be
    replaced but not popped: a run that would pop it ends. The read is the probability of each pair of state and symbol
    on top among the runs that are alive; pair (r, y) has the index r x symbols + y. This is the RNS of the 2022 paper.

    With $\gamma_{i,t}(q,x,r,y)$ the weight of the runs from $(q, x)$ at time $i$ to $(r, y)$ at time $t$ in which $y$
    is in the place that the push after time $i$ filled, on top of $x$, and that was not popped since, and with
    $\gamma_{0,1}(0,0,0,0) = \alpha_0(0,0) = \alpha_1(0,0) = 1$:

    $\gamma_{t-1,t}(q,x,r,y) = \mathrm{push}_t(q,x,r,y)$,

    $\gamma_{i,t}(q,x,r,y) = \sum_{s,z} \gamma_{i,t-1}(q,x,s,z)\, \mathrm{replace}_t(s,z,r,y) +
    \sum_{k=i+1}^{t-2} \sum_u \gamma_{i,k}(q,x,u,y) \sum_{s,z} \gamma_{k,t-1}(u,y,s,z)\, \mathrm{pop}_t(s,z,r)$
    for $i < t - 1$,

    $\alpha_t(r,y) = \sum_{i<t} \sum_{q,x} \alpha_i(q,x)\, \gamma_{i,t}(q,x,r,y)$, and
    $\mathrm{read}_t = \alpha_t / \sum \alpha_t$, or 0 where no run is alive.

    Everything is computed in log space, relative to the heaviest transition of each step. The logarithms grow with the
    length: in float32, the error is about 6e-8 times the logarithm of a run's weight.

    With Q states and G symbols a step costs O(steps² Q³ G² + steps Q³ G³) and the state takes O(steps² Q² G²) space:
    the cost of a sequence is cubic in its length. The backward pass costs three times as much and stores O(√steps)
    states.

    It holds no values, so it has no width. Log weights are at least float32; reads have the dtype given to `init`.

    Raises:
        ValueError: If `states` or `symbols` is below 1.

    Examples:
        Step 1 pushes the symbol 1 with a weight of 3, or keeps the bottom symbol 0 with a weight of 1. Step 2 pops,
        which only the first of the two runs survives.

        >>> import jax.numpy as jnp, neuralstack as ns
        >>> stack = ns.NondeterministicStack(states=1, symbols=2)
        >>> never = jnp.full((2, 1, 2, 1, 2), -jnp.inf)
        >>> push, replace = never.at[0, 0, 0, 0, 1].set(jnp.log(3.0)), never.at[0, 0, 0, 0, 0].set(0.0)
        >>> pop = never[..., 0].at[1].set(0.0)
        >>> ns.run(stack, ns.NondeterministicAction(push, replace, pop)).round(3).tolist()
        [[0.25, 0.75], [1.0, 0.0]]
    """

    states: int = 2
    """Number of states of the automaton, at least 1."""
    symbols: int = 3
    """Number of stack symbols, at least 1."""

    @property
    def action_size(self):
        return sum(self.gate_widths)

    @property
    def gate_widths(self):
        pairs = self.read_size
        return pairs**2, pairs**2, pairs * self.states

    @property
    def read_size(self):
        return self.states * self.symbols

    def __post_init__(self):
        if min(self.states, self.symbols) < 1:
            raise ValueError(
                "a nondeterministic stack must have at least 1 state and 1 symbol, got "
                f"states={self.states}, symbols={self.symbols}."
            )

    def init(self, steps, dtype=None):
        dtype = value_dtype(dtype)
        pair, times = (self.states, self.symbols), steps + 2
        gamma = jnp.full((times, times, *pair, *pair), IMPOSSIBLE, strength_dtype(dtype))
        alpha = jnp.full((times, *pair), IMPOSSIBLE, strength_dtype(dtype))
        return NondeterministicState(
            gamma.at[0, 1, 0, 0, 0, 0].set(0),
            alpha.at[:2, 0, 0].set(0),
            jax.nn.one_hot(0, self.read_size, dtype=dtype),
            jnp.zeros((), jnp.int32),
        )

    def decode(self, raw):
        first, second, _ = self.gate_widths
        parts = jnp.split(raw, [first, first + second], axis=-1)
        shapes = zip(parts, self._shapes(), strict=True)
        return NondeterministicAction(*(field.reshape(*raw.shape[:-1], *shape) for field, shape in shapes))

    def gates(self, action):
        return action.pop[..., 0, 0, :0]  # none of its numbers is 0 or 1

    def step(self, state, action):
        gamma, alpha, read, time = state
        push, replace, pop = relative(*(field.astype(gamma.dtype) for field in self.check(action)))
        last = jax.lax.dynamic_index_in_dim(gamma, time + 1, axis=1, keepdims=False)
        # The axes of the three sums, before summation: [i, q, x, s, z, r, y], [k, u, y, s, z, r] and
        # [i, k, q, x, u, y, r]. Impossible weights exclude the terms outside i < k < t - 1.
        replaced = total(last[..., None, None] + replace[None, None, None], (3, 4))
        popped = total(last[..., None] + pop[None, None, None], (3, 4))
        uncovered = total(gamma[..., None] + popped[None, :, None, None], (1, 4)).swapaxes(-1, -2)
        arriving = possible(jnp.logaddexp(replaced, uncovered)).at[time + 1].set(push)
        reached = total(alpha[..., None, None] + arriving, (0, 1, 2))
        read = reading(reached).astype(read.dtype)
        gamma, alpha = gamma.at[:, time + 2].set(arriving), alpha.at[time + 2].set(reached)
        return NondeterministicState(gamma, alpha, read, time + 1), read

    def strengths(self, state):
        return state.read

    def check(self, action, *, steps=False):
        return fit(self, NondeterministicAction(*action), self._shapes(), steps=steps)

    def _shapes(self):
        pair = self.states, self.symbols
        return (*pair, *pair), (*pair, *pair), (*pair, self.states)


def possible(weights: Float[Array, "..."]) -> Float[Array, "..."]:
    """Set the log weights of impossible runs to `IMPOSSIBLE`, without a gradient."""
    return jnp.where(weights > IMPOSSIBLE / 2, weights, IMPOSSIBLE)


def total(weights: Float[Array, "..."], axes: tuple[int, ...]) -> Float[Array, "..."]:
    """Return the logarithm of a sum of weights, from their finite logarithms."""
    return possible(jax.nn.logsumexp(weights, axis=axes))


def relative(*weights: Float[Array, "..."]) -> tuple[Float[Array, "..."], ...]:
    """Return the log weights of the transitions of one step, relative to the heaviest of them.

    Every run takes one transition per step, so no read depends on this shift: the heaviest weight gets no gradient.
    """
    weights = tuple(map(possible, weights))
    heaviest = jnp.stack([table.max() for table in weights]).max()
    heaviest = jax.lax.stop_gradient(jnp.where(heaviest > IMPOSSIBLE / 2, heaviest, 0))
    return tuple(jnp.where(table > IMPOSSIBLE / 2, table - heaviest, IMPOSSIBLE) for table in weights)


def reading(weights: Float[Array, "states symbols"]) -> Float[Array, " read"]:
    """Return the fraction of all runs that each state and symbol on top has, or 0 where no run is alive."""
    weights = weights.ravel()
    return jnp.where(weights.max() > IMPOSSIBLE / 2, jax.nn.softmax(weights), 0)
