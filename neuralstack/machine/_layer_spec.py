"""A memory layer as plain data, without its weights, and back."""

from typing import Any

import equinox as eqx
import jax

from neuralstack._spec_fields import DTYPES, require_mapping, require_size
from neuralstack.machine._memory_layer import PARALLEL_CONTROLLERS, Attention, MemoryLayer
from neuralstack.machine._parameters import is_floating

SIZES = ("size", "hidden", "width", "heads")


def layer_spec(layer: MemoryLayer) -> dict[str, Any]:
    """Return everything about a memory layer except its weights, as JSON-compatible data.

    Examples:
        >>> import jax, neuralstack as ns
        >>> layer_spec(ns.MemoryLayer(5, hidden=8, width=4, key=jax.random.key(0)))["layer"]
        {'controller': 'feedforward', 'queue': False, 'size': 5, 'hidden': 8, 'width': 4, 'heads': 1}
    """
    kinds = {kind: name for name, kind in PARALLEL_CONTROLLERS.items()}
    heads = layer.controller.attend.num_heads if isinstance(layer.controller, Attention) else 1
    width, hidden = layer.value.weight.shape
    sizes = {"size": layer.answer.weight.shape[0], "hidden": hidden, "width": width, "heads": heads}
    options = {"controller": kinds[type(layer.controller)], "queue": layer.queue}
    return {"layer": {**options, **sizes}, "dtype": layer.value.weight.dtype.name}


def layer_from_spec(spec: Any) -> MemoryLayer:
    """Return the memory layer that a specification describes, with shapes and dtypes in place of its weights.

    Raises:
        ValueError: If the specification is not valid or too large.
    """
    require_mapping(spec, "a memory layer", {"layer", "dtype"})
    options = require_mapping(spec["layer"], "a memory layer", {"controller", "queue", *SIZES})
    if spec["dtype"] not in DTYPES:
        raise ValueError(f"dtype must be one of {', '.join(DTYPES)}, got {repr(spec['dtype'])[:100]}.")
    if options["controller"] not in tuple(PARALLEL_CONTROLLERS) or not isinstance(options["queue"], bool):
        raise ValueError(f"the controller of a memory layer must be one of {', '.join(PARALLEL_CONTROLLERS)}.")
    size, *others = (require_size(options, name) for name in SIZES)
    hidden, width, heads = others

    def build(key):
        chosen = {"controller": options["controller"], "queue": options["queue"]}
        return MemoryLayer(size, **chosen, hidden=hidden, width=width, heads=heads, key=key)

    layer = eqx.filter_eval_shape(build, jax.random.key(0))
    return jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct(leaf.shape, spec["dtype"]) if is_floating(leaf) else leaf, layer
    )
