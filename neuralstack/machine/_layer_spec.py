"""A memory layer as plain data, without its weights, and back."""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax

from neuralstack._spec_fields import DTYPES, require_mapping, require_size
from neuralstack.machine._memory_layer import MemoryLayer
from neuralstack.machine._memory_spec import memory_from_spec, memory_spec
from neuralstack.machine._parallel_controllers import PARALLEL_CONTROLLERS, Attention
from neuralstack.machine._parameters import is_floating
from neuralstack.memories import AbstractMemory

SIZES = ("size", "hidden", "heads")


def layer_spec(layer: MemoryLayer) -> dict[str, Any]:
    """Return everything about a memory layer except its weights, as JSON-compatible data.

    A controller of a user-defined class is recorded by name.

    Examples:
        >>> import jax, neuralstack as ns
        >>> layer_spec(ns.MemoryLayer(5, hidden=8, memory=ns.NeuralQueue(4), key=jax.random.key(0)))["layer"]
        {'controller': 'feedforward', 'memory': {'kind': 'NeuralQueue', 'width': 4, 'kernel': None}, 'size': 5, \
'hidden': 8, 'heads': 1}
    """
    kinds = {kind: name for name, kind in PARALLEL_CONTROLLERS.items()}
    controller = kinds.get(type(layer.controller), {"own": type(layer.controller).__qualname__})
    heads = layer.controller.attend.num_heads if isinstance(layer.controller, Attention) else 1
    size = layer.answer.weight.shape[0]
    sizes = {"size": size, "hidden": layer.actions.weight.shape[1] - size, "heads": heads}
    parts = {"controller": controller, "memory": memory_spec(layer.memory)}
    return {"layer": {**parts, **sizes}, "dtype": layer.actions.weight.dtype.name}


def layer_from_spec(spec: Any, *, memory: AbstractMemory | None = None, controller: Any = None) -> MemoryLayer:
    """Return the memory layer that a specification describes, with shapes and dtypes in place of its weights.

    Args:
        spec: The result of `layer_spec`.
        memory: The memory, if its class is user-defined.
        controller: A controller like the saved one, or its class, which is called with `(size, hidden, key=key)`, if
            the class is user-defined.

    Raises:
        ValueError: If the specification is not valid or too large, or a part of a user-defined class is missing or
            differs.
    """
    require_mapping(spec, "a memory layer", {"layer", "dtype"})
    options = require_mapping(spec["layer"], "a memory layer", {"controller", "memory", *SIZES})
    if spec["dtype"] not in DTYPES:
        raise ValueError(f"dtype must be one of {', '.join(DTYPES)}, got {repr(spec['dtype'])[:100]}.")
    size, hidden, heads = (require_size(options, name) for name in SIZES)
    memory = memory_from_spec(options["memory"], memory)

    def build(key):
        made = controller(size, hidden, key=key) if isinstance(controller, type) else controller
        chosen = _chosen(options["controller"], made)
        return MemoryLayer(size, memory=memory, controller=chosen, hidden=hidden, heads=heads, key=key)

    layer = eqx.filter_eval_shape(build, jax.random.key(0))
    like = jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct(leaf.shape, spec["dtype"]) if is_floating(leaf) else leaf, layer
    )
    own = isinstance(options["controller"], Mapping)  # has its own dtypes
    return eqx.tree_at(lambda layer: layer.controller, like, layer.controller) if own else like


def _chosen(spec: Any, own: Any) -> Any:
    """Return the name of a controller, or the given one if its class is the one of the specification."""
    name = spec.get("own") if isinstance(spec, Mapping) else None
    if name is None:
        if own is not None:
            raise ValueError(f"the memory layer has the controller {repr(spec)[:100]}, so leave controller= out.")
        if spec not in tuple(PARALLEL_CONTROLLERS):
            raise ValueError(f"the controller of a memory layer must be one of {', '.join(PARALLEL_CONTROLLERS)}.")
        return spec
    if own is None:
        raise ValueError(
            f"the memory layer has a controller of a user-defined class, {repr(name)[:100]}: give controller=, a "
            "module like it."
        )
    if type(own).__qualname__ != name:
        raise ValueError(f"controller= must be a {repr(name)[:100]} as was saved, got {type(own).__qualname__!r}.")
    return own
