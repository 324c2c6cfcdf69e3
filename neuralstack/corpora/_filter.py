"""Restriction of a distribution to its likeliest outcomes."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int


def filter_logits(
    logits: Float[Array, " symbols"], top_k: Int[Array, ""] | int, top_p: Float[Array, ""] | float
) -> Float[Array, " symbols"]:
    """Return the logits, set to minus infinity for all but the likeliest symbols.

    Args:
        logits: The logits.
        top_k: Number of symbols to keep; among equally likely ones, the first.
        top_p: Probability mass to keep of what `top_k` leaves, with the fewest symbols. At 1, all are kept.

    Examples:
        >>> logits = jnp.log(jnp.array([0.1, 0.5, 0.15, 0.25]))
        >>> [jnp.exp(filter_logits(logits, k, p)).round(2).tolist() for k, p in ((2, 1.0), (4, 0.7))]
        [[0.0, 0.5, 0.0, 0.25], [0.0, 0.5, 0.0, 0.25]]
    """
    order = jnp.argsort(-logits, stable=True)
    ranks = jnp.argsort(order)
    logits = jnp.where(ranks < top_k, logits, -jnp.inf)
    mass = jnp.cumsum(jax.nn.softmax(logits)[order])
    mass_before = jnp.concatenate([jnp.zeros(1), mass[:-1]])[ranks]
    return jnp.where((mass_before < top_p) | (jnp.asarray(top_p) >= 1), logits, -jnp.inf)
