"""Activations whose gradient needs their value only.

Automatic differentiation keeps a derivative beside the value; in a loop over time that is one more log, written at
every step. These keep the value, which is mostly kept anyway. The price is that they have no forward-mode derivative.
"""

import jax
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
    """Round each number; going backwards it is the identity (straight-through; Bengio et al., 2013)."""
    return jax.lax.round(x)


def _value_twice(value):
    return value, value


sigmoid.defvjp(lambda x: _value_twice(jax.lax.logistic(x)), lambda value, cotangent: (cotangent * value * (1 - value),))
tanh.defvjp(lambda x: _value_twice(jax.lax.tanh(x)), lambda value, cotangent: (cotangent * (1 - value * value),))
rounded.defvjp(lambda x: (jax.lax.round(x), None), lambda _, cotangent: (cotangent,))
