"""The total strength that a stack, a queue or a deque holds over a sequence, without its elements."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from neuralstack._varying import vary_like


def total_strength(push: Float[Array, " steps"], pop: Float[Array, " steps"]) -> Float[Array, " steps"]:
    """Return `S[t] = max(S[t - 1] - pop[t], 0) + push[t]`, starting from 0.

    At ties, the gradient is the one towards a larger pop. A loop over single numbers is quicker than the closed form of
    this recursion by prefix sums and minima, and rounds less.
    """

    def step(total, strengths):
        push, pop = strengths
        total = jnp.where(total <= pop, 0.0, total - pop) + push
        return total, total

    return jax.lax.scan(step, vary_like(jnp.zeros((), push.dtype), push), (push, pop))[1]
