"""From a name that a user typed to the thing it names."""

import difflib
from collections.abc import Iterable, Mapping
from typing import TypeVar

Thing = TypeVar("Thing")


def nearest(name: str, names: Iterable[str]) -> str:
    """Return a phrase that suggests the known name most like `name`, or an empty one if none is like it.

    Examples:
        >>> nearest("stak", ["queue", "stack"])
        "did you mean 'stack'? "
    """
    near = difflib.get_close_matches(name, list(names), n=1)
    return f"did you mean {near[0]!r}? " if near else ""


def lookup(kind: str, things: Mapping[str, Thing], name: str) -> Thing:
    """Return the thing of that name.

    Raises:
        ValueError: If there is none; it names the nearest one and all of them.

    Examples:
        >>> lookup("memory", {"queue": 1, "stack": 2}, "stack")
        2
    """
    if name not in things:
        raise ValueError(f"unknown {kind} {name!r}: {nearest(name, things)}choose from {', '.join(sorted(things))}.")
    return things[name]
