"""Activations whose gradient is computed from their output alone.

Automatic differentiation stores a derivative beside the output: in a loop over time, one more array written at every
step. These store only the output, which is usually stored anyway. In return, they have no forward-mode derivative.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


@jax.custom_vjp
def sigmoid(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Return the logistic function of each number."""
    return jax.lax.logistic(x)


@jax.custom_vjp
def tanh(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Return the hyperbolic tangent of each number."""
    return jax.lax.tanh(x)


@jax.custom_vjp
def rounded(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Round each number; its gradient is that of the identity (straight-through; Bengio et al., 2013)."""
    return jax.lax.round(x)


@jax.custom_vjp
def partly_rounded(x: Float[Array, "*shape"], mask: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Round each number whose mask is above 0, shifted by mask - 1; the gradient is that of the identity."""
    return jax.lax.select(mask > 0, jax.lax.round(x + (mask - 1)), x)


def _value_twice(value):
    return value, value


sigmoid.defvjp(lambda x: _value_twice(jax.lax.logistic(x)), lambda value, cotangent: (cotangent * value * (1 - value),))
tanh.defvjp(lambda x: _value_twice(jax.lax.tanh(x)), lambda value, cotangent: (cotangent * (1 - value * value),))
rounded.defvjp(lambda x: (jax.lax.round(x), None), lambda _, cotangent: (cotangent,))
partly_rounded.defvjp(
    lambda x, mask: (jax.lax.select(mask > 0, jax.lax.round(x + (mask - 1)), x), None),
    lambda _, cotangent: (cotangent, jnp.zeros_like(cotangent)),
)
