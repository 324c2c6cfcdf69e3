"""From the name of a memory, and its options, to the memory."""

import ast
import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from neuralstack._lookup import lookup
from neuralstack.memories import MEMORIES, AbstractMemory, CompositeMemory

ONE = re.compile(r"\s*([\w-]+)\s*(?:\((.*)\))?\s*")


def memory_from_name(
    name: str, width: int, memories: Mapping[str, Callable[..., AbstractMemory]] = MEMORIES
) -> AbstractMemory:
    """Return a memory by its name; names joined by a plus make one memory of several, side by side.

    Args:
        name: One of `memories`, with its options in parentheses after it where others than its defaults are wanted.
        width: Width of the values, for the memories that have one.
        memories: The memories to choose from, by name.

    Raises:
        ValueError: If a name is unknown, or an option is not one of the memory's.

    Examples:
        >>> memory_from_name("superposition(stacks=2, depth_read=3)", 8)
        SuperpositionStack(width=8, stacks=2, depth_read=3, empty=-1.0)
        >>> memory_from_name("hard+hard", 8)
        CompositeMemory(parts=(HardStack(width=8), HardStack(width=8)))
    """
    parts = [_memory(one, width, memories) for one in name.split("+")]
    return parts[0] if len(parts) == 1 else CompositeMemory(*parts)


def _memory(text: str, width: int, memories: Mapping[str, Callable[..., AbstractMemory]]) -> AbstractMemory:
    match = ONE.fullmatch(text)
    if match is None:
        raise ValueError(f"a memory is a name, or a name with options such as superposition(stacks=2), got {text!r}.")
    name, options = match[1], _options(text, match[2] or "")
    constructor = lookup("memory", memories, name)
    known = list(inspect.signature(constructor).parameters)
    for option in options:
        if option not in known:
            raise ValueError(f"the memory {name} has no option {option!r}: needed is one of {', '.join(known)}.")
    return constructor(**({"width": width} if "width" in known else {}) | options)


def _options(text: str, options: str) -> dict[str, Any]:
    try:
        call = ast.parse(f"memory({options})", mode="eval").body
        assert isinstance(call, ast.Call)
        if call.args:
            raise ValueError
        return {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}
    except (SyntaxError, ValueError):
        raise ValueError(f"options of a memory are written name=value, separated by commas, got {text!r}.") from None
