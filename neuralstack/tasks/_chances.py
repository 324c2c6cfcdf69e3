"""Uniform draws at low cost: of many small numbers, drawing the random bits is most of the cost."""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

BITS = 16


def draw_chances(key: PRNGKeyArray, *shape: int) -> Float[Array, "..."]:
    """Draw chances: uniform multiples of 2^-16 from 0 to below 1.

    Each word of 32 random bits makes two of them. A choice among n made by one of them differs from a uniform choice by
    less than n in 65,536.
    """
    count = math.prod(shape)
    vocabulary = jax.random.bits(key, ((count + 1) // 2,), jnp.uint32)
    halves = jnp.concatenate([vocabulary & (2**BITS - 1), vocabulary >> BITS])[:count]
    return halves.reshape(shape).astype(jnp.float32) / 2**BITS


def pick(chance: Float[Array, " *n"], count: Int[Array, " *n"] | int) -> Int[Array, " *n"]:
    """Return the number below `count` that a chance selects."""
    return jnp.minimum((chance * count).astype(int), count - 1)
