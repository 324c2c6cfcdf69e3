"""Controllers by name."""

from collections.abc import Callable
from functools import partial
from typing import Any

import equinox as eqx
from jaxtyping import PRNGKeyArray

from neuralstack._lookup import resolve
from neuralstack.controllers import CONTROLLERS, AbstractController, as_controller
from neuralstack.machine import NETWORKS
from neuralstack.training._memory_names import parameters_of


def controller_from_name(name: str) -> Callable[..., Any]:
    """Return the class or function that makes the named controller.

    The code of a user's own controller is executed, so `name` must come from the user, never from a saved run.

    Args:
        name: One of `CONTROLLERS`; or `FILE.py:NAME`, `package.module:NAME` or an entry point.

    Raises:
        ValueError: If the name is unknown, or does not refer to a class or function.

    Examples:
        >>> controller_from_name("gru").__name__
        'GRU'
    """
    return as_constructor(resolve("controller", {**CONTROLLERS, **NETWORKS}, name, accepts=_is_part))


def as_constructor(value: Any) -> Any:
    """Return a function that makes controllers: a class or function itself, or one that returns a given controller."""
    ready = isinstance(value, AbstractController | eqx.nn.GRUCell | eqx.nn.LSTMCell) or hasattr(value, "step")
    return partial(_given, value) if ready and not isinstance(value, type) else value


def make_controller(
    constructor: Callable[..., Any],
    input_size: int,
    hidden_dim: int,
    *,
    num_layers: int,
    input_scale: float,
    key: PRNGKeyArray,
) -> AbstractController:
    """Return the controller that a class or function makes from (input_size, hidden_dim, key=key).

    Args:
        constructor: The class or function.
        input_size: Width of an input.
        hidden_dim: Width of the layers.
        num_layers: Number of layers, if the constructor has such a parameter.
        input_scale: Scale of the initial input weights, if the constructor has such a parameter.
        key: Random key for the weights.

    Raises:
        ValueError: If the class or function fails, makes something else, or has no parameter for several layers.
    """
    known = parameters_of(constructor)
    options = {"num_layers": num_layers, "input_scale": input_scale, "key": key}
    name = getattr(constructor, "__name__", "given")
    if num_layers != 1 and "num_layers" not in known:
        raise ValueError(f"the controller {name} has no parameter num_layers: leave num_layers at 1, got {num_layers}.")
    try:
        made = constructor(input_size, hidden_dim, **{name: options[name] for name in options if name in known})
        return as_controller(made, input_size)
    except (TypeError, AttributeError) as error:
        raise ValueError(
            f"the controller {name} cannot be made of (input_size, hidden_dim, key=key): {error}"
        ) from error


def _is_part(value: Any) -> bool:
    return callable(value) or hasattr(value, "step")


def _given(controller: Any, input_size: int, hidden_dim: int) -> Any:
    """Return an existing controller, ignoring the sizes asked for."""
    return controller
