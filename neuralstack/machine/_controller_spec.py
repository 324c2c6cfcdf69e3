"""A controller as plain data, and back."""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from neuralstack._spec_fields import require_mapping, require_size
from neuralstack.controllers import (
    CONTROLLERS,
    AbstractController,
    AbstractLayeredController,
    BoundedController,
    CellController,
    ModuleController,
    as_controller,
)

LAYERED = {kind.__name__: kind for kind in CONTROLLERS.values()}
CELLS = {"GRUCell": eqx.nn.GRUCell, "LSTMCell": eqx.nn.LSTMCell}
SIZES = {"input_size", "hidden_size"}


def controller_spec(controller: AbstractController) -> dict[str, Any]:
    """Return the class and the sizes of a controller; for a user-defined class, its name and the sizes.

    Examples:
        >>> import jax, neuralstack as ns
        >>> controller_spec(ns.GRU(16, 32, key=jax.random.key(0)))
        {'kind': 'GRU', 'input_size': 16, 'hidden_size': 32, 'num_layers': 1}
    """
    kind = type(controller).__name__
    sizes = {"input_size": controller.input_size, "hidden_size": controller.hidden_size}
    if isinstance(controller, AbstractLayeredController) and LAYERED.get(kind) is type(controller):
        return {"kind": kind, **sizes, "num_layers": len(controller.layers)}
    if isinstance(controller, BoundedController):
        inner, gates = controller_spec(controller.controller), len(controller.gate_bias)
        return {"kind": "BoundedController", "controller": inner, "gates": gates}
    if isinstance(controller, CellController):
        return {"kind": type(controller.cell).__name__, **sizes, "use_bias": controller.cell.use_bias}
    module = controller.module if isinstance(controller, ModuleController) else controller
    return {"own": type(module).__qualname__, **sizes}


def controller_from_spec(spec: Any, own: Any = None, *, key: PRNGKeyArray) -> AbstractController:
    """Return the controller that a specification describes, with initial weights.

    Args:
        spec: The result of `controller_spec`.
        own: The controller, if its class is user-defined.
        key: Source of the weights.

    Raises:
        ValueError: If the specification is not valid, or a controller of a user-defined class is missing or differs.
    """
    if not isinstance(spec, Mapping):
        raise ValueError(f"the specification of a controller must be a mapping, got {type(spec).__name__}.")
    kind = spec.get("kind")
    if kind == "BoundedController":
        require_mapping(spec, kind, {"kind", "controller", "gates"})
        if isinstance(spec["controller"], Mapping) and spec["controller"].get("kind") == "BoundedController":
            raise ValueError("a BoundedController must not contain another one in a specification.")
        return _bounded(controller_from_spec(spec["controller"], own, key=key), require_size(spec, "gates"))
    if own is not None:
        return require_same(spec, own)
    if "own" in spec:
        name = repr(spec["own"])[:100]
        raise ValueError(
            f"the machine has a controller of a user-defined class, {name}: give controller=, a controller like it."
        )
    if isinstance(kind, str) and kind in LAYERED:
        require_mapping(spec, f"a controller {kind}", {"kind", *SIZES, "num_layers"})
        sizes = (require_size(spec, name) for name in ("input_size", "hidden_size"))
        return LAYERED[kind](*sizes, num_layers=require_size(spec, "num_layers"), key=key)
    if isinstance(kind, str) and kind in CELLS:
        require_mapping(spec, f"a controller {kind}", {"kind", *SIZES, "use_bias"})
        sizes = (require_size(spec, name) for name in ("input_size", "hidden_size"))
        return CellController(CELLS[kind](*sizes, use_bias=spec["use_bias"] is True, key=key))
    known = ", ".join(sorted([*LAYERED, *CELLS, "BoundedController"]))
    raise ValueError(f"the specification of a controller must name one of {known}, got {repr(kind)[:100]}.")


def require_same(spec: Mapping[str, Any], own: Any) -> AbstractController:
    """Return the given controller if its class and sizes match a specification.

    Raises:
        ValueError: If class or sizes differ.
    """
    known = hasattr(own, "input_size") or isinstance(own, eqx.nn.GRUCell | eqx.nn.LSTMCell)
    controller = as_controller(own, None if known else require_size(spec, "input_size"))
    actual = controller_spec(controller)
    if actual != spec:
        raise ValueError(f"controller= must be like the one that was saved, {repr(dict(spec))[:200]}, got {actual}.")
    return controller


def _bounded(controller: AbstractController, gates: int) -> BoundedController:
    bounds = jax.tree.map(lambda leaf: jnp.zeros((2**gates, *leaf.shape), leaf.dtype), controller.init())
    weights = jnp.zeros((controller.hidden_size, gates)), jnp.zeros(gates)
    return BoundedController(controller, *weights, bounds, bounds)  # pyright: ignore[reportCallIssue]
