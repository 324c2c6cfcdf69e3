"""Connections by name, with options."""

from dataclasses import fields, replace
from typing import Any, get_type_hints

from neuralstack._lookup import lookup, nearest
from neuralstack.machine import CONNECTIONS, Connection
from neuralstack.training._name_options import split_options

EXAMPLE = "skip(gates_see_input=True)"


def connection_from_name(name: str) -> Connection:
    """Return a published connection by its name; options in parentheses after it change its fields.

    Raises:
        ValueError: If the name or an option is unknown, or a value is of another type.

    Examples:
        >>> connection_from_name("skip(gates_see_input=True)").gates_see_input
        True
    """
    base, options = split_options("connection", name, EXAMPLE)
    annotations = get_type_hints(Connection)
    for option, value in options.items():
        known = [field.name for field in fields(Connection)]
        if option not in known:
            raise ValueError(
                f"a connection has no option {option!r}: {nearest(option, known)}choose from {', '.join(known)}."
            )
        _check(option, value, annotations[option])
    return replace(lookup("connection", CONNECTIONS, base), **options)


def base_of(name: str) -> str:
    """Return the name of a connection without its options.

    Examples:
        >>> base_of("skip(gates_see_input=True)")
        'skip'
    """
    return name.partition("(")[0].strip()


def _check(option: str, value: Any, annotation: type) -> None:
    accepted = (int, float) if annotation is float else annotation
    if not isinstance(value, accepted) or (annotation is float and isinstance(value, bool)):
        needed = {float: "a number", bool: "True or False", str: "text"}[annotation]
        raise ValueError(f"{option} of a connection must be {needed}, got {value!r}.")
