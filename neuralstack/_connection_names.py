"""Connections by name, with options, and as plain data."""

from dataclasses import fields, replace
from typing import Any, get_type_hints

from neuralstack._connection import CONNECTIONS, Connection
from neuralstack._lookup import lookup, nearest
from neuralstack._name_options import split_options
from neuralstack._spec_fields import require_mapping, require_type

EXAMPLE = "skip(gates_see_input=True)"
LATER_OPTIONS = {
    "gates_see_state", "gates_see_input", "gates_see_read", "values_repeat_read", "value_constant", "value_scale",
    "embedding_scale",
}  # fmt: skip
"""Options of a connection that older specifications lack."""


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


def connection_from_spec(spec: Any) -> Connection:
    """Return the connection that its fields describe, as in the file of a saved machine.

    Raises:
        ValueError: If a field is missing or unknown, of another type or out of range.
    """
    names, annotations = {field.name for field in fields(Connection)}, get_type_hints(Connection)
    options = require_mapping(spec, "a connection", names - LATER_OPTIONS, optional=LATER_OPTIONS)
    return Connection(**{name: require_type(name, option, annotations[name]) for name, option in options.items()})
