"""Memories by name, with options."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from neuralstack._lookup import resolve
from neuralstack._name_options import split_options
from neuralstack.machine import memory_from_spec, memory_spec
from neuralstack.memories import MEMORIES, AbstractMemory, CompositeMemory

MOST_MEMORIES = 32  # side by side


def memory_from_name(
    name: str, width: int, memories: Mapping[str, Callable[..., AbstractMemory]] = MEMORIES
) -> AbstractMemory:
    """Return a memory by its name; names joined by plus signs give one memory of several side by side.

    The code of a user's own memory is executed, so `name` must come from the user, never from a saved run.

    Args:
        name: One of `memories`, optionally with options in parentheses after it; or `FILE.py:NAME`,
            `package.module:NAME` or an entry point: a memory, or a class or function that makes one.
        width: Width of the values, for the memories that have one.
        memories: The memories to choose from, by name.

    Raises:
        ValueError: If a name or an option is unknown, or a number is out of range.

    Examples:
        >>> memory_from_name("superposition(stacks=2, depth_read=3)", 8)
        SuperpositionStack(width=8, stacks=2, depth_read=3, empty=-1.0)
        >>> memory_from_name("hard+hard", 8)
        CompositeMemory(memories=(HardStack(width=8), HardStack(width=8)))
    """
    names = name.split("+")
    if len(names) > MOST_MEMORIES:
        raise ValueError(f"at most {MOST_MEMORIES} memories can be joined by plus signs, got {len(names)}.")
    parts = [_memory(name_part, width, memories) for name_part in names]
    return parts[0] if len(parts) == 1 else CompositeMemory(*parts)


def parts_of_name(name: str) -> list[str]:
    """Return the names of the memories in a name, without their options.

    Examples:
        >>> parts_of_name("superposition(stacks=2)+memories.py:Register")
        ['superposition', 'memories.py:Register']
    """
    return [name_part.partition("(")[0].strip() for name_part in name.split("+")]


def as_memory(value: Any, width: int, name: str, options: Mapping[str, Any] | None = None) -> AbstractMemory:
    """Return a memory: the object itself, or the one that a class or function makes.

    Args:
        value: The memory, the class or the function.
        width: Width of the values, if the class or function has such a parameter.
        name: Its name, for errors.
        options: Further arguments of the class or function.

    Raises:
        ValueError: If the value is something else, has no such option, or fails.
    """
    options = dict(options or {})
    if isinstance(value, AbstractMemory):
        if options:
            raise ValueError(f"the memory {name} is an object, which takes no options: give the name of its class.")
        return value
    if not callable(value):
        raise ValueError(
            f"{name!r} is an object of type {type(value).__name__}: give a memory, or a class or function that makes "
            "one."
        )
    known = parameters_of(value)
    for option in options:
        if option not in known:
            raise ValueError(f"the memory {name} has no option {option!r}: choose from {', '.join(known)}.")
    try:
        made = value(**({"width": width} if "width" in known else {}) | options)
    except (TypeError, AttributeError) as error:
        raise ValueError(f"the memory {name} cannot be made: {error}.") from error
    if not isinstance(made, AbstractMemory):
        raise ValueError(f"{name!r} made an object of type {type(made).__name__}, which is not a memory.")
    return made


def parameters_of(constructor: Callable[..., Any]) -> list[str]:
    """Return the names of the parameters of a class or function, or none if they cannot be determined."""
    try:
        return list(inspect.signature(constructor).parameters)
    except (TypeError, ValueError):
        return []


def _memory(text: str, width: int, memories: Mapping[str, Callable[..., AbstractMemory]]) -> AbstractMemory:
    name, options = split_options("memory", text, "superposition(stacks=2)")
    return _within_limits(as_memory(resolve("memory", memories, name), width, name, options))


def _within_limits(memory: AbstractMemory) -> AbstractMemory:
    """Return a memory; one of the library's, whose name may come from a run's file, is checked against limits."""
    spec = memory_spec(memory)
    return memory_from_spec(spec) if "kind" in spec else memory
