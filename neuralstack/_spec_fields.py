"""Checks for the fields of a specification, which may come from an untrusted file."""

import types
import typing
from collections.abc import Mapping, Set
from typing import Any

MOST_PARAMETERS = 2**31
"""Largest number of parameters of a machine that is built from a specification."""
LARGEST = {"size": 2**16, "num_layers": 64, "vocab_size": 2**20, "gates": 16, "action_size": 2**20, "parts": 256}
"""Largest integers in a specification; `size` applies to all that are not named."""
DTYPES = ("float16", "bfloat16", "float32", "float64")
DEEPEST = 4  # a quantized memory, in a composite, in ...


def require_mapping(spec: Any, what: str, names: set[str], optional: Set[str] = frozenset()) -> Mapping[str, Any]:
    """Return the specification if it is a mapping with exactly these names, and perhaps some optional ones.

    Raises:
        ValueError: If the names differ, or the specification is not a mapping.
    """
    if not isinstance(spec, Mapping):
        raise ValueError(f"the specification of {what} must be a mapping, got {type(spec).__name__}.")
    lacking, spare = sorted(names - set(spec)), sorted(map(str, set(spec) - names - optional))
    if lacking or spare:
        difference = f"lacks {', '.join(lacking)}" if lacking else f"has an unknown {', '.join(spare)[:100]}"
        raise ValueError(f"the specification of {what} {difference}.")
    return spec


def require_size(spec: Mapping[str, Any], name: str, least: int = 1) -> int:
    """Return an integer of a specification within its limits.

    Raises:
        ValueError: If the value is not an integer, or outside its limits.
    """
    value, most = spec[name], LARGEST.get(name, LARGEST["size"])
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"{name} must be an integer from {least} to {most}, got {repr(value)[:100]}.")
    return value


def require_type(name: str, value: Any, annotation: Any) -> Any:
    """Return the value of a field if it has the annotated type and is not too large.

    Raises:
        ValueError: If the value is of another type, or too large.
    """
    union = typing.get_origin(annotation) in (typing.Union, types.UnionType)
    kinds = typing.get_args(annotation) if union else (annotation,)
    fits = type(value) in kinds or (type(value) is int and float in kinds) or (value is None and type(None) in kinds)
    if not fits:
        raise ValueError(f"{name} must be of type {annotation}, got {repr(value)[:100]}.")
    if isinstance(value, int | float) and not abs(value) <= LARGEST["size"]:
        raise ValueError(f"{name} must be at most {LARGEST['size']}, got {value!r}.")
    if isinstance(value, str) and len(value) > LARGEST["size"]:
        raise ValueError(f"{name} must have at most {LARGEST['size']} characters, got {len(value)}.")
    return value
