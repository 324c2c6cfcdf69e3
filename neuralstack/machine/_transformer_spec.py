"""A Transformer as plain data, without its weights, and back."""

from typing import Any

import equinox as eqx
import jax

from neuralstack._spec_fields import DTYPES, MOST_PARAMETERS, require_mapping, require_size
from neuralstack.machine._memory_spec import memory_from_spec, memory_spec
from neuralstack.machine._parameters import is_floating, num_parameters
from neuralstack.machine._transformer import Transformer
from neuralstack.memories import AbstractMemory

SIZES = ("vocab_size", "width", "num_layers", "heads")


def transformer_spec(transformer: Transformer) -> dict[str, Any]:
    """Return everything about a Transformer except its weights, as JSON-compatible data.

    Examples:
        >>> import jax, neuralstack as ns
        >>> transformer_spec(ns.Transformer(5, width=8, heads=2, key=jax.random.key(0)))["transformer"]
        {'vocab_size': 5, 'width': 8, 'num_layers': 2, 'heads': 2, 'memory': None}
    """
    blocks, memory = transformer.blocks, transformer.memory
    sizes = transformer.vocab_size, transformer.width, len(blocks), blocks[0].attention.heads
    spec = dict(zip(SIZES, sizes, strict=True)) | {
        "memory": None if memory is None else memory_spec(memory.layer.memory)
    }
    return {"transformer": spec, "dtype": transformer.embedding.dtype.name}


def transformer_from_spec(spec: Any, *, memory: AbstractMemory | None = None) -> Transformer:
    """Return the Transformer that a specification describes, with shapes and dtypes in place of its weights.

    Args:
        spec: The result of `transformer_spec`.
        memory: The memory, if its class is user-defined.

    Raises:
        ValueError: If the specification is not valid or too large, or a memory of a user-defined class is missing or
            differs.
    """
    require_mapping(spec, "a Transformer", {"transformer", "dtype"})
    options = require_mapping(spec["transformer"], "a Transformer", {*SIZES, "memory"})
    if spec["dtype"] not in DTYPES:
        raise ValueError(f"dtype must be one of {', '.join(DTYPES)}, got {repr(spec['dtype'])[:100]}.")
    sizes = {name: require_size(options, name) for name in SIZES}
    memory = None if options["memory"] is None else memory_from_spec(options["memory"], memory)

    def build(key):
        return Transformer(**sizes, memory=memory, key=key)

    transformer = eqx.filter_eval_shape(build, jax.random.key(0))
    count = num_parameters(transformer)
    if count > MOST_PARAMETERS:
        raise ValueError(f"a Transformer must have at most {MOST_PARAMETERS} weights, got {count}.")
    return jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct(leaf.shape, spec["dtype"]) if is_floating(leaf) else leaf, transformer
    )
