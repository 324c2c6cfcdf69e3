"""Strings over an alphabet."""

import jax
from jaxtyping import Array, Int, PRNGKeyArray

ASCII = "".join(map(chr, range(128)))


def draw_symbols(key: PRNGKeyArray, length: int, symbols: int) -> Int[Array, " {length}"]:
    """Draw symbols uniformly, with replacement."""
    return jax.random.randint(key, (length,), 0, symbols)
