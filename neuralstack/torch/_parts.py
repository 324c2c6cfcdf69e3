"""Memories, controllers and machines from the descriptions in files, without weights."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from neuralstack._connection_names import connection_from_name, connection_from_spec
from neuralstack._name_options import split_options
from neuralstack._spec_fields import DEEPEST, require_mapping, require_size, require_type
from neuralstack.torch._cells import CellController
from neuralstack.torch._composite import CompositeMemory, NoMemory, Quantized
from neuralstack.torch._controllers import AbstractController, BoundedController
from neuralstack.torch._hard_stack import HardStack
from neuralstack.torch._layer import MemoryLayer
from neuralstack.torch._layers import CONTROLLERS
from neuralstack.torch._machine import Machine
from neuralstack.torch._memory import AbstractMemory
from neuralstack.torch._parallel_controllers import PARALLEL_CONTROLLERS
from neuralstack.torch._strength import NeuralDeque, NeuralQueue, NeuralStack
from neuralstack.torch._superposition import SuperpositionStack

MEMORIES: dict[str, Callable[..., AbstractMemory]] = {
    "deque": NeuralDeque,
    "hard": HardStack,
    "none": NoMemory,
    "queue": NeuralQueue,
    "stack": NeuralStack,
    "superposition": SuperpositionStack,
}
KINDS = {kind.__name__: kind for kind in MEMORIES.values()}
LAYERED = {kind.__name__: kind for kind in CONTROLLERS.values()}
CELLS = {"GRUCell": nn.GRUCell, "LSTMCell": nn.LSTMCell}


def machine_from_spec(spec: Any) -> Machine:
    """Return the machine that the file of a saved machine describes.

    Raises:
        ValueError: If the description is not valid, or of a part that this package does not have.
    """
    if isinstance(spec, Mapping) and "transformer" in spec:
        _refuse("network", "Transformer", ["Machine", "MemoryLayer"])
    names = {"controller", "memory", "vocab_size", "connection", "dtype"}
    require_mapping(spec, "a machine", names, optional={"quantized", "readout"})
    return Machine(
        _controller(spec["controller"]),
        _memory(spec["memory"]),
        require_size(spec, "vocab_size"),
        connection=connection_from_spec(spec["connection"]),
        readout=_controller(spec["readout"]) if "readout" in spec else None,
        quantized=require_type("quantized", spec.get("quantized", False), bool),
    )


def layer_from_spec(spec: Any) -> MemoryLayer:
    """Return the memory layer that the file of a saved one describes.

    Raises:
        ValueError: If the description is not valid, or of a part that this package does not have.
    """
    require_mapping(spec, "a memory layer", {"layer", "dtype"})
    options = require_mapping(spec["layer"], "a memory layer", {"controller", "memory", "size", "hidden", "heads"})
    size, hidden, heads = (require_size(options, name) for name in ("size", "hidden", "heads"))
    name, memory = options["controller"], _memory(options["memory"])
    if not isinstance(name, str) or name not in PARALLEL_CONTROLLERS:
        return _refuse("controller", name.get("own") if isinstance(name, Mapping) else name, PARALLEL_CONTROLLERS)
    return MemoryLayer(size, memory=memory, controller=name, hidden=hidden, heads=heads)


def machine_from_config(config: Mapping[str, Any], vocab_size: int, *, quantized: bool) -> Machine:
    """Return the machine that the configuration of a run describes.

    Raises:
        ValueError: If the configuration is not valid, or names a part that this package does not have.
    """
    width, hidden, layers = (require_size(config, name) for name in ("memory_dim", "hidden_dim", "num_layers"))
    readout = config.get("readout", "none")
    return Machine(
        _named_controller(config["controller"])(width, hidden, num_layers=layers),
        _named_memory(config["memory"], width),
        vocab_size,
        connection=connection_from_name(config["connection"] or "layer"),
        readout=None if readout == "none" else _named_controller(readout)(hidden, hidden),
        quantized=quantized,
    )


def _named_controller(name: str) -> Callable[..., AbstractController]:
    return CONTROLLERS[name] if name in CONTROLLERS else _refuse("controller", name, CONTROLLERS)


def _named_memory(names: str, width: int) -> AbstractMemory:
    """Return the memory of a name with options, or several of names that are joined by plus signs."""
    memories = []
    for part in names.split("+"):
        name, options = split_options("memory", part, "superposition(stacks=2)")
        kind = MEMORIES[name] if name in MEMORIES else _refuse("memory", name, MEMORIES)
        memories.append(kind(**({} if kind is NoMemory else {"width": width}) | options))
    return memories[0] if len(memories) == 1 else CompositeMemory(*memories)


def _memory(spec: Any, depth: int = 0) -> AbstractMemory:
    kind = spec.get("kind", spec.get("own")) if isinstance(spec, Mapping) else spec
    if depth > DEEPEST:
        raise ValueError(f"memories must be nested at most {DEEPEST} deep in a specification.")
    if kind == "CompositeMemory":
        return CompositeMemory(*(_memory(member, depth + 1) for member in spec["memories"]))
    if kind == "Quantized":
        return Quantized(_memory(spec["memory"], depth + 1))
    if kind not in tuple(KINDS):
        _refuse("memory", kind, [*KINDS, "CompositeMemory", "Quantized"])
    options = {name: value for name, value in spec.items() if name != "kind"}
    sizes = {name: require_size(options, name) for name in ("width", "stacks", "depth_read") if name in options}
    return KINDS[kind](**options | sizes)


def _controller(spec: Any) -> AbstractController:
    kind = spec.get("kind", spec.get("own")) if isinstance(spec, Mapping) else spec
    if kind == "BoundedController":
        return BoundedController(_controller(spec["controller"]), require_size(spec, "gates"))
    if kind not in (*LAYERED, *CELLS):
        _refuse("controller", kind, [*LAYERED, *CELLS, "BoundedController"])
    sizes = require_size(spec, "input_size"), require_size(spec, "hidden_size")
    if kind in CELLS:
        return CellController(CELLS[kind](*sizes, bias=spec["use_bias"] is True))
    return LAYERED[kind](*sizes, num_layers=require_size(spec, "num_layers"))


def _refuse(part: str, name: Any, known: Any) -> Any:
    """Refuse a part of a machine.

    Raises:
        ValueError: Always; the message names the part, and those that this package has.
    """
    raise ValueError(
        f"its {part} {repr(name)[:100]} is not available in PyTorch, where there are {', '.join(known)}: use ns.load, "
        "which needs JAX."
    )
