"""Checks of arguments that must be objects, for errors that name what was given and what is needed."""

from typing import Any


def require_object(argument: str, value: Any, kind: type | tuple[type, ...], example: str) -> None:
    """Refuse an argument that is not an object of its kind.

    Raises:
        TypeError: If it is a name, a class or another object.

    Examples:
        >>> require_object("task", "reversal", dict, "ns.Reversal()")
        Traceback (most recent call last):
        TypeError: task must be an object such as ns.Reversal(), got the name 'reversal'.
    """
    if not isinstance(value, kind):
        raise TypeError(f"{argument} must be an object such as {example}, got {describe_object(value)}.")


def describe_object(value: Any) -> str:
    """Return a phrase for an object of a wrong type."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return f"the name {value!r}" if isinstance(value, str) else f"an object of type {type(value).__name__}"
