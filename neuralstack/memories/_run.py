"""The reads of a whole sequence, with the memory's own gradient, on whatever platform the program is compiled for."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def reads_of(memory, action, steps):
    """Return every read of a whole sequence of checked actions, of which only the first `steps` are defined."""
    return _reads_forward(memory, action, steps)[0]


def _reads_forward(memory, action, steps):
    return on_platform(memory, lambda vjp, *given: vjp.reads(*given), action, steps), (action, steps)


def _reads_backward(memory, saved, reads_cotangent):
    return on_platform(memory, lambda vjp, *given: vjp.reads_backward(*given), *saved, reads_cotangent), None


reads_of.defvjp(_reads_forward, _reads_backward)


def on_platform(memory: Any, function: Callable[..., PyTree[Array]], *arguments: Any) -> Any:
    """Return `function(vjp, *arguments)`, with the portable VJP where the program is not compiled for a CPU.

    Where JAX has nothing but CPUs, no others are traced: each form takes as long again to trace and to differentiate.
    """
    vjp, portable = memory.sequence_vjp(), memory.sequence_vjp(portable=True)
    if vjp == portable or jax.default_backend() == "cpu":
        # What is saved for the backward pass can come back as a plain number.
        return function(vjp, *jax.tree.map(jnp.asarray, arguments))
    return jax.lax.platform_dependent(
        *arguments, cpu=lambda *given: function(vjp, *given), default=lambda *given: function(portable, *given)
    )
