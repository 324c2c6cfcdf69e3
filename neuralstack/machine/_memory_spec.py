"""A memory as plain data, and back."""

import inspect
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_type_hints

from neuralstack import memories
from neuralstack._spec_fields import DEEPEST, LARGEST, require_mapping, require_type
from neuralstack.memories import AbstractMemory

KINDS: dict[str, type[AbstractMemory]] = {
    name: thing
    for name, thing in vars(memories).items()
    if isinstance(thing, type) and issubclass(thing, AbstractMemory) and not inspect.isabstract(thing)
}
"""The memories of this library by class name."""


def memory_spec(memory: AbstractMemory) -> dict[str, Any]:
    """Return the class and the options of a memory; for a user-defined class, its name and the sizes.

    Examples:
        >>> import neuralstack as ns
        >>> memory_spec(ns.HardStack(width=8))
        {'kind': 'HardStack', 'width': 8}
    """
    kind = type(memory).__name__
    if KINDS.get(kind) is not type(memory):
        return {"own": type(memory).__qualname__, "action_size": memory.action_size, "read_size": memory.read_size}
    return {"kind": kind} | {name: _plain(getattr(memory, name)) for name in field_names(type(memory))}


def memory_from_spec(spec: Any, own: AbstractMemory | None = None, depth: int = 0) -> AbstractMemory:
    """Return the memory that a specification describes.

    Args:
        spec: The result of `memory_spec`.
        own: The memory, if its class is user-defined.
        depth: Number of memories that contain it.

    Raises:
        ValueError: If the specification is not valid, or a memory of a user-defined class is missing or differs.
    """
    if own is not None:
        return require_same(spec, own)
    if isinstance(spec, Mapping) and "own" in spec:
        name = repr(spec["own"])[:100]
        raise ValueError(f"the machine has a memory of a user-defined class, {name}: give memory=, a memory like it.")
    if depth > DEEPEST:
        raise ValueError(f"memories must be nested at most {DEEPEST} deep in a specification.")
    kind = KINDS.get(spec["kind"]) if isinstance(spec, Mapping) and isinstance(spec.get("kind"), str) else None
    if kind is None:
        raise ValueError(f"the specification of a memory must name one of {', '.join(sorted(KINDS))}.")
    require_mapping(spec, f"a {kind.__name__}", {"kind", *field_names(kind)})
    annotations = get_type_hints(kind)
    options = {name: _option(name, spec[name], annotations[name], depth) for name in field_names(kind)}
    variadic = [
        name
        for name, parameter in inspect.signature(kind).parameters.items()
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL
    ]
    positional = [member for name in variadic for member in options.pop(name)]
    return _bounded(kind(*positional, **options))


def require_same(spec: Any, own: AbstractMemory) -> AbstractMemory:
    """Return the given memory if it matches a specification.

    Raises:
        ValueError: If the memories differ.
    """
    actual = memory_spec(own)
    if actual != spec:
        raise ValueError(f"memory= must be the memory that was saved, {repr(spec)[:200]}, got {actual}.")
    return own


def field_names(kind: Any) -> list[str]:
    """Return the names of the fields of a memory's class, which is a dataclass."""
    return [field.name for field in fields(kind)]


def _plain(value: Any) -> Any:
    if isinstance(value, AbstractMemory):
        return memory_spec(value)
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _option(name: str, value: Any, annotation: Any, depth: int) -> Any:
    if isinstance(value, Mapping):
        return memory_from_spec(value, depth=depth + 1)
    if isinstance(value, list):
        if len(value) > LARGEST["parts"]:
            raise ValueError(f"{name} must have at most {LARGEST['parts']} parts, got {len(value)}.")
        return tuple(memory_from_spec(item, depth=depth + 1) for item in value)
    return require_type(name, value, annotation)


def _bounded(memory: AbstractMemory) -> AbstractMemory:
    parts = len(memory.gate_widths) + len(memory.value_widths)
    for name, size in (("action_size", memory.action_size), ("read_size", memory.read_size), ("parts", parts)):
        most = LARGEST.get(name, LARGEST["action_size"])
        if size > most:
            raise ValueError(f"the {name} of a memory must be at most {most}, got {size} of {memory}.")
    return memory
