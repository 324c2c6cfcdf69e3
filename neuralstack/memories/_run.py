"""The reads of a whole sequence, with the memory's custom gradient, on the platform that a program is compiled for."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree


def reads_of(memory: Any, action: Any, steps: Int[Array, ""]) -> Float[Array, "steps read"]:
    """Return every read of a whole sequence of checked actions, of which only the first `steps` are defined.

    Raises:
        TypeError: For forward-mode and higher derivatives.
    """
    try:
        return _reads(memory, action, steps)
    except TypeError as error:
        if "forward-mode" not in str(error):
            raise
        raise TypeError(only_first_derivatives(memory)) from error


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _reads(memory, action, steps):
    return _reads_forward(memory, action, steps)[0]


def _reads_forward(memory, action, steps):
    return _forward_pass(memory, action, steps), (action, steps)


def _reads_backward(memory, saved, reads_cotangent):
    return _backward_pass(memory, *saved, reads_cotangent), None


_reads.defvjp(_reads_forward, _reads_backward)


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _forward_pass(memory, action, steps):
    return on_platform(memory, lambda vjp, *given: vjp.reads(*given), action, steps)


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _backward_pass(memory, action, steps, reads_cotangent):
    return on_platform(memory, lambda vjp, *given: vjp.reads_backward(*given), action, steps, reads_cotangent)


def _refuse(memory, primals, tangents):
    raise TypeError(only_first_derivatives(memory))


_forward_pass.defjvp(_refuse)
_backward_pass.defjvp(_refuse)


def only_first_derivatives(memory: Any) -> str:
    """Return the error message for derivatives that the passes of a run do not support."""
    return (
        f"a run of {type(memory).__name__} has a gradient in reverse mode only: for forward mode (jvp, jacfwd, "
        "hessian) and gradients of gradients, call the memory's scan(action) instead, or the machine's trace(tokens)."
    )


def on_platform(memory: Any, function: Callable[..., PyTree[Array]], *arguments: Any) -> Any:
    """Return `function(vjp, *arguments)`, with the portable VJP if the program is not compiled for a CPU.

    If JAX has only CPUs, the portable form is not traced, since tracing and differentiating both takes twice as long.
    """
    vjp, portable = memory.sequence_vjp(), memory.sequence_vjp(portable=True)
    if vjp == portable or jax.default_backend() == "cpu":
        # Residuals of the backward pass can come back as plain numbers.
        return function(vjp, *jax.tree.map(jnp.asarray, arguments))
    return jax.lax.platform_dependent(
        *arguments, cpu=lambda *given: function(vjp, *given), default=lambda *given: function(portable, *given)
    )
