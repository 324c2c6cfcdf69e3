"""Connections by name, with options."""

from dataclasses import fields, replace

from neuralstack._lookup import lookup, nearest
from neuralstack.machine import CONNECTIONS, Connection
from neuralstack.training._name_options import split_options

EXAMPLE = "skip(gates_see_input=True)"


def connection_from_name(name: str) -> Connection:
    """Return a published connection by its name; options in parentheses after it change its fields.

    Raises:
        ValueError: If the name or an option is unknown, or a value is of another type or out of range.

    Examples:
        >>> connection_from_name("skip(gates_see_input=True)").gates_see_input
        True
    """
    base, options = split_options("connection", name, EXAMPLE)
    known = [field.name for field in fields(Connection)]
    for option in options:
        if option not in known:
            raise ValueError(
                f"a connection has no option {option!r}: {nearest(option, known)}choose from {', '.join(known)}."
            )
    return replace(lookup("connection", CONNECTIONS, base), **options)


def base_of(name: str) -> str:
    """Return the name of a connection without its options.

    Examples:
        >>> base_of("skip(gates_see_input=True)")
        'skip'
    """
    return name.partition("(")[0].strip()
