"""A user's own module as the controller of a memory layer."""

import inspect
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array, Bool, Float

from neuralstack._arguments import describe_object

STEPS = 4  # of the sequence with whose shape a module is tried


def require_module(controller: Any, size: int, hidden: int) -> None:
    """Require a module from `[steps, size]` to `[steps, hidden]`.

    Raises:
        TypeError: If it is not a module, but for example a class.
        ValueError: If it cannot be called with such inputs, or returns something else.
    """
    needed = f"a memory layer's controller must map inputs [steps, {size}] to hidden vectors [steps, {hidden}]"
    if not callable(controller) or isinstance(controller, type):
        raise TypeError(f"{needed}: give a module, or one of the names, got {describe_object(controller)}.")
    name = type(controller).__name__
    inputs = jax.ShapeDtypeStruct((STEPS, size), jax.numpy.result_type(float))
    try:
        given = eqx.filter_eval_shape(controller, inputs)
    except Exception as error:  # whatever a user's code raises
        raise ValueError(
            f"{needed}, but {name} fails on inputs [{STEPS}, {size}]: {error}; wrap a module of single vectors in one "
            "that calls jax.vmap(module)(inputs)."
        ) from error
    shape = list(getattr(given, "shape", ()))
    if shape != [STEPS, hidden]:
        got = shape if hasattr(given, "shape") else describe_object(given)
        raise ValueError(f"{needed}, but {name} maps [{STEPS}, {size}] to {got}: give hidden= its width.")


def hidden_of(
    controller: Callable[..., Array], inputs: Float[Array, "steps size"], starts: Bool[Array, " steps"] | None
) -> Float[Array, "steps hidden"]:
    """Return a controller's hidden vectors; it is given `starts` if it has a parameter of that name."""
    takes_starts = starts is not None and "starts" in inspect.signature(controller).parameters
    return controller(inputs, starts=starts) if takes_starts else controller(inputs)


def require_steps(controller: Any) -> None:
    """Require a controller that can take one step at a time.

    Raises:
        TypeError: If it cannot.
    """
    if not (callable(getattr(controller, "init", None)) and callable(getattr(controller, "step", None))):
        raise TypeError(
            f"one step at a time needs a controller with init(steps), which returns a state, and step(state, x), which "
            f"returns a state and a hidden vector; {type(controller).__name__} lacks them."
        )
