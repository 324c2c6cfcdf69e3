"""Checks that arguments are objects, whose errors name what was given and what is needed."""

from typing import Any


def require_object(argument: str, value: Any, kind: type | tuple[type, ...], example: str) -> None:
    """Check that an argument is an object of the required type.

    Raises:
        TypeError: If the argument is a name, a class or an object of another type.

    Examples:
        >>> require_object("task", "reversal", dict, "ns.Reversal()")
        Traceback (most recent call last):
        TypeError: task must be an object such as ns.Reversal(), got the name 'reversal'.
    """
    if not isinstance(value, kind):
        raise TypeError(f"{argument} must be an object such as {example}, got {describe_object(value)}.")


def describe_object(value: Any) -> str:
    """Describe an object of the wrong type, for an error message."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return f"the name {value!r}" if isinstance(value, str) else f"an object of type {type(value).__name__}"
