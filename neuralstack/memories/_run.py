"""The reads of a whole sequence, with the memory's custom gradient, on the platform that a program is compiled for."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from neuralstack._varying import vary_together


def reads_of(memory: Any, action: Any, steps: Int[Array, ""]) -> Float[Array, "steps read"]:
    """Return every read of a whole sequence of checked actions, of which only the first `steps` are defined.

    Raises:
        TypeError: For forward-mode and higher derivatives.
    """
    return _refusing(memory, "reads", action, steps)


def batch_reads_of(memory: Any, action: Any, steps: Int[Array, ""]) -> Float[Array, "steps batch read"]:
    """Return every read of a batch, time first: the one place outside the unroll with an axis of sequences.

    In a network the arrays of a batch lie time first, and the kernels take them so. Under `jax.vmap` each sequence
    would be copied to a place of its own and back.

    Raises:
        TypeError: For forward-mode and higher derivatives.
    """
    action = jax.vmap(partial(memory.check, steps=True), in_axes=1, out_axes=1)(action)
    return _refusing(memory, "batch_reads", *vary_together((action, jnp.asarray(steps))))


def _refusing(memory, name, action, steps):
    try:
        return _reads(memory, name, action, steps)
    except TypeError as error:
        if "forward-mode" not in str(error):
            raise
        raise TypeError(only_first_derivatives(memory)) from error


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _reads(memory, name, action, steps):
    return _reads_forward(memory, name, action, steps)[0]


def _reads_forward(memory, name, action, steps):
    return _pass(memory, name, action, steps), (action, steps)


def _reads_backward(memory, name, saved, reads_cotangent):
    return _pass(memory, f"{name}_backward", *saved, reads_cotangent), None


_reads.defvjp(_reads_forward, _reads_backward)


@partial(jax.custom_jvp, nondiff_argnums=(0, 1))
def _pass(memory, name, *arguments):
    """Run one of the passes of the memory's `sequence_vjp`, by its name."""
    return on_platform(memory, lambda vjp, *given: getattr(vjp, name)(*given), *arguments)


@_pass.defjvp
def _refuse(memory, name, primals, tangents):
    raise TypeError(only_first_derivatives(memory))


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
