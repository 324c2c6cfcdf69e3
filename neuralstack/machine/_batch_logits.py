"""The logits of a batch from a machine, or from any other module that maps tokens to logits."""

from typing import Any

import jax
from jaxtyping import Array, Float, Int, PyTree

from neuralstack.machine._machine import Machine


def batch_logits(
    model: Any, tokens: Int[Array, "steps batch"], steps: Int[Array, ""] | int | None = None
) -> Float[Array, "steps batch vocab"]:
    """Compute the logits of a batch, time first.

    Args:
        model: A `Machine`, or any callable from the tokens `[steps]` of one sequence to logits `[steps, vocab]`.
        tokens: The sequences.
        steps: Number of steps to run, which may be known at run time only. A machine's logits of later steps are
            undefined; other modules run all steps. Defaults to all.

    Examples:
        >>> import jax, jax.numpy as jnp
        >>> batch_logits(lambda tokens: jax.nn.one_hot(tokens, 3), jnp.array([[0, 1], [2, 2]])).shape
        (2, 2, 3)
    """
    if isinstance(model, Machine):
        return model.batch(tokens, steps).logits
    return jax.vmap(model, in_axes=1, out_axes=1)(tokens)


def first_carried(model: Any, batch_size: int) -> PyTree[Float[Array, "batch ..."]]:
    """Return what a model carries into the first stretches of a text: the states of a machine's controllers.

    Other modules carry nothing from one stretch to the next.
    """
    return model.init_controller(batch_size) if isinstance(model, Machine) else ()


def stretch_logits(
    model: Any, tokens: Int[Array, "steps batch"], carried: PyTree[Float[Array, "batch ..."]]
) -> tuple[Float[Array, "steps batch vocab"], PyTree[Float[Array, "batch ..."]]]:
    """Compute the logits of stretches of texts, time first, and what is carried into the stretches that follow."""
    if isinstance(model, Machine):
        shown = model.batch(tokens, state=carried)
        return shown.logits, shown.state
    return batch_logits(model, tokens), carried
