"""A machine as plain data, without its weights, and back."""

from dataclasses import asdict
from typing import Any

import equinox as eqx
import jax

from neuralstack._connection_names import connection_from_spec
from neuralstack._spec_fields import DTYPES, MOST_PARAMETERS, require_mapping, require_size, require_type
from neuralstack.machine._controller_spec import controller_from_spec, controller_spec
from neuralstack.machine._machine import Machine
from neuralstack.machine._memory_spec import memory_from_spec, memory_spec
from neuralstack.machine._parameters import is_floating, num_parameters
from neuralstack.memories import AbstractMemory


def machine_spec(machine: Machine) -> dict[str, Any]:
    """Return everything about a machine except its weights, as JSON-compatible data.

    User-defined classes are recorded by name.

    Examples:
        >>> import jax, neuralstack as ns
        >>> key = jax.random.key(0)
        >>> spec = machine_spec(ns.Machine(ns.GRU(8, 16, key=key), ns.NeuralStack(8), 5, key=key))
        >>> spec["controller"]
        {'kind': 'GRU', 'input_size': 8, 'hidden_size': 16, 'num_layers': 1}
    """
    spec = {
        "controller": controller_spec(machine.controller),
        "memory": memory_spec(machine.memory),
        "vocab_size": machine.vocab_size,
        "connection": asdict(machine.connection),
        "dtype": machine.embedding.dtype.name,
        "quantized": machine.quantized,
    }
    return spec if machine.readout is None else spec | {"readout": controller_spec(machine.readout)}


def machine_from_spec(spec: Any, *, memory: AbstractMemory | None = None, controller: Any = None) -> Machine:
    """Return the machine that a specification describes, with shapes and dtypes in place of its weights.

    No weights are drawn or allocated, and all sizes are checked first: those of a memory or a controller are at most
    65,536; there are at most 64 layers, 1,048,576 tokens and 2,147,483,648 weights in total.

    Args:
        spec: The result of `machine_spec`.
        memory: The memory, if its class is user-defined.
        controller: A controller like the saved one, if its class is user-defined.

    Raises:
        ValueError: If the specification is not valid or too large, or a part of a user-defined class is missing or
            differs.
    """
    names = {"controller", "memory", "vocab_size", "connection", "dtype"}
    require_mapping(spec, "a machine", names, optional={"quantized", "readout"})
    if spec["dtype"] not in DTYPES:
        raise ValueError(f"dtype must be one of {', '.join(DTYPES)}, got {repr(spec['dtype'])[:100]}.")
    memory, connection = memory_from_spec(spec["memory"], memory), connection_from_spec(spec["connection"])
    vocab_size = require_size(spec, "vocab_size")

    quantized = require_type("quantized", spec.get("quantized", False), bool)

    def build(key):
        parts = controller_from_spec(spec["controller"], controller, key=key), memory, vocab_size
        readout = controller_from_spec(spec["readout"], key=key) if "readout" in spec else None
        return Machine(*parts, connection=connection, readout=readout, quantized=quantized, key=key)

    machine = eqx.filter_eval_shape(build, jax.random.key(0))
    count = num_parameters(machine)
    if count > MOST_PARAMETERS:
        raise ValueError(f"a machine must have at most {MOST_PARAMETERS} weights, got {count}.")
    return jax.tree.map(lambda leaf: _like(leaf, spec["dtype"]), machine)


def _like(leaf: Any, dtype: str) -> Any:
    return jax.ShapeDtypeStruct(leaf.shape, dtype) if is_floating(leaf) else leaf
