"""Bounds in the annotations of dataclass fields: their checks, and conversion from and to JSON."""

import math
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

Tree = TypeVar("Tree")
KIND = "kind"  # the entry in JSON that names the dataclass, which a union needs


class Bounds(NamedTuple):
    """The smallest and the largest value of a number, both inclusive unless `open` excludes the smallest."""

    low: float
    high: float
    open: bool = False

    def __str__(self) -> str:
        low, high = (f"{bound:,.0f}".replace(",", "") if bound == int(bound) else f"{bound:g}" for bound in self[:2])
        return f"{'above' if self.open else 'at least'} {low} and at most {high}"


Size = Annotated[int, Bounds(1, 10**6)]
Steps = Annotated[int, Bounds(0, 10**9)]
Weight = Annotated[float, Bounds(0, 1e6)]
Probability = Annotated[float, Bounds(0, 1)]
Rate = Annotated[float, Bounds(0, 1e6, open=True)]
Seed = Annotated[int, Bounds(0, 2**31 - 1)]


def check_bounds(tree: Any) -> None:
    """Check every field of a dataclass, and of the dataclasses in it, against its type and bounds.

    Raises:
        ValueError: If a value does not fit; the message names the field, what is needed and what was given.

    Examples:
        >>> from dataclasses import dataclass
        >>> @dataclass
        ... class Training:
        ...     batch_size: Size = 50
        >>> check_bounds(Training(0))
        Traceback (most recent call last):
        ValueError: batch_size must be a whole number, at least 1 and at most 1000000, got 0.
    """
    from_json(type(tree), to_json(tree))


def check_field(cls: type, field: str, value: Any, name: str) -> None:
    """Check a value of one field of a dataclass that was given by another name.

    Raises:
        ValueError: If it does not fit; the message says so of that name.

    Examples:
        >>> from dataclasses import dataclass
        >>> @dataclass
        ... class Warmup:
        ...     lengths: tuple[Size, ...] = (8,)
        >>> check_field(Warmup, "lengths", (0,), "warmup_lengths")
        Traceback (most recent call last):
        ValueError: warmup_lengths must be a whole number, at least 1 and at most 1000000, got 0.
    """
    _read(get_type_hints(cls, include_extras=True)[field], to_json(value), name)


def to_json(value: Any) -> Any:
    """Return a dataclass as plain data, which `from_json` reads."""
    if is_dataclass(value):
        return {KIND: type(value).__name__.lower(), **{f.name: to_json(getattr(value, f.name)) for f in fields(value)}}
    return [to_json(item) for item in value] if isinstance(value, tuple) else value


def from_json(cls: type[Tree], data: Any) -> Tree:
    """Build a dataclass from plain data, checking types and bounds.

    Raises:
        ValueError: If a field is unknown, or its value does not fit.
    """
    return _read(cls, data, cls.__name__)


def _read(hint: Any, value: Any, name: str) -> Any:
    """Read a value as the type of a hint."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _within(arguments[1], _read(arguments[0], value, name), name)
    if origin in (Union, UnionType):
        return _read_union(arguments, value, name)
    if origin is tuple and isinstance(value, list | tuple):
        return tuple(_read(arguments[0], item, name) for item in value)
    if origin is Literal and value in arguments:
        return value
    if is_dataclass(hint) and isinstance(value, dict):
        return _read_fields(hint, value)
    if hint is float and type(value) in (int, float):
        return float(value)
    if hint in (int, bool, str) and type(value) is hint:
        return value
    raise ValueError(f"{name} must be {describe(hint)}, got {_brief(value)}.")


def _read_union(options: tuple[Any, ...], value: Any, name: str) -> Any:
    """Read a value whose hint is a union of dataclasses, or optional."""
    if value is None and type(None) in options:
        return None
    kinds: dict[Any, Any] = {getattr(option, "__name__", "").lower(): option for option in options}
    if not any(map(is_dataclass, options)):
        return _read(next(option for option in options if option is not type(None)), value, name)
    data: Any = value if isinstance(value, dict) else {}
    kinds.pop("nonetype", None)
    if data.get(KIND) not in [*kinds]:  # compared, since it may not be hashable
        raise ValueError(f"{name} must be one of {', '.join(kinds)}, got {_brief(data.get(KIND, value))}.")
    return _read_fields(kinds[data[KIND]], data)


def _read_fields(cls: Any, data: dict[str, Any]) -> Any:
    hints = get_type_hints(cls, include_extras=True)
    names = [field.name for field in fields(cls)]
    values = {name: value for name, value in data.items() if name != KIND}
    if unknown := sorted(set(values) - set(names)):
        raise ValueError(f"{cls.__name__} has no field {unknown[0]!r}: its fields are {', '.join(names)}.")
    return cls(**{name: _read(hints[name], value, name) for name, value in values.items()})


def _within(bounds: Bounds, value: Any, name: str) -> Any:
    inside = bounds.low < value <= bounds.high if bounds.open else bounds.low <= value <= bounds.high
    if not (inside and math.isfinite(value)):
        kind = "a whole number" if isinstance(value, int) else "a number"
        raise ValueError(f"{name} must be {kind}, {bounds}, got {_brief(value)}.")
    return value


def describe(hint: Any) -> str:
    """Describe in words the values that a hint allows."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return f"{describe(arguments[0])}, {arguments[1]}"
    if origin in (Union, UnionType):
        return describe(next(option for option in arguments if option is not type(None)))
    if origin is tuple:
        return f"a list, each {describe(arguments[0])}"
    if origin is Literal:
        return f"one of {', '.join(map(str, arguments))}"
    kinds = {int: "a whole number", float: "a number", bool: "true or false", str: "a string"}
    return kinds.get(hint, "an object with fields")


def _brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
