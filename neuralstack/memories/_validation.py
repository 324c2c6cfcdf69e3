"""Validation of actions against the memory that takes them."""

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.typing import DTypeLike
from jaxtyping import Array, Float


def strength_dtype(dtype: DTypeLike) -> DTypeLike:
    """Return the dtype of strengths and weights for values of `dtype`: at least float32."""
    return dtype if jnp.finfo(dtype).bits >= 32 else jnp.float32  # without promotion, which can be disallowed


def value_dtype(dtype: DTypeLike | None) -> DTypeLike:
    """Return the dtype of values, given the requested one; None stands for JAX's default."""
    return jnp.result_type(float) if dtype is None else jnp.dtype(dtype)


def require_width(what: str, width: int) -> None:
    """Require a width of at least 1.

    Raises:
        ValueError: If the width is below 1.
    """
    if width < 1:
        raise ValueError(f"{what} must be at least 1 wide, got {width=}.")


def fit(memory: Any, action: Any, shapes: tuple[tuple[int, ...], ...], *, steps: bool) -> Any:
    """Return an action, a named tuple whose last field is the value, as arrays of matching dtypes.

    A value that is not floating-point takes JAX's default dtype; the other fields take the one that goes with it.

    Args:
        memory: The memory, named in errors.
        action: The action.
        shapes: The shape of each of its fields at one step.
        steps: Whether it is the action of all steps, which are then the first axis of every field.

    Raises:
        ValueError: If a shape differs.
    """
    *others, value = fields = [jnp.asarray(field) for field in action]
    length = fields[0].shape[:1] if steps and fields[0].ndim else ()
    if (steps and not length) or [field.shape for field in fields] != [length + shape for shape in shapes]:
        first = ("steps",) if steps else ()
        wanted = listed(action._fields, [(*first, *shape) for shape in shapes])
        given = listed(action._fields, [field.shape for field in fields])
        raise ValueError(f"{type(memory).__name__} takes {wanted}; got {given}.")
    if not jnp.issubdtype(value.dtype, jnp.floating):
        value = value.astype(value_dtype(None))
    dtype = strength_dtype(value.dtype)
    return type(action)(*(field.astype(dtype) for field in others), value)


@cache
def decoded_action(memory: Any) -> Any:
    """Return the shapes and dtypes of an action of one step."""
    return jax.eval_shape(memory.decode, jax.ShapeDtypeStruct((memory.action_size,), jnp.float32))


def fit_decoded(memory: Any, action: Any, *, steps: bool) -> Any:
    """Return an action with the structure and shapes of a decoded one, as arrays; integers become floating-point.

    Args:
        memory: The memory, named in errors.
        action: The action.
        steps: Whether it is the action of all steps, which are then the first axis of every array.

    Raises:
        ValueError: If the structure or a shape differs.
    """
    wanted, form = jax.tree.flatten(decoded_action(memory))
    given, given_form = jax.tree.flatten(action, is_leaf=lambda node: isinstance(node, list))
    if given_form != form:
        raise ValueError(
            f"{type(memory).__name__} takes actions of the structure that its decode returns, {form}; got {given_form}."
        )
    arrays = [jnp.asarray(leaf) for leaf in given]
    length = arrays[0].shape[:1] if steps else ()
    if (steps and not length) or [leaf.shape for leaf in arrays] != [length + leaf.shape for leaf in wanted]:
        first = ("steps",) if steps else ()
        names = tuple(jax.tree_util.keystr(path) for path, _ in jax.tree.leaves_with_path(decoded_action(memory)))
        raise ValueError(
            f"{type(memory).__name__} takes {listed(names, [(*first, *leaf.shape) for leaf in wanted])}; "
            f"got {listed(names, [leaf.shape for leaf in arrays])}."
        )
    floating = [jnp.issubdtype(leaf.dtype, jnp.floating) for leaf in wanted]
    pairs = zip(arrays, floating, strict=True)
    return jax.tree.unflatten(form, [as_floating(leaf) if soft else leaf for leaf, soft in pairs])


def as_floating(leaf: Array) -> Array:
    """Return an array of a floating dtype, converted to JAX's default one if necessary."""
    return leaf if jnp.issubdtype(leaf.dtype, jnp.floating) else leaf.astype(value_dtype(None))


def listed(names: tuple[str, ...], shapes: list[tuple[int | str, ...]]) -> str:
    """Return the names of fields with their shapes, as text."""
    return ", ".join(f"{name} [{', '.join(map(str, shape))}]" for name, shape in zip(names, shapes, strict=True))


def require_strengths(what: str, numbers: Float[Array, "..."], *, only_ends: bool = False) -> None:
    """Require strengths in [0, 1], or of exactly 0 or 1, unless they are traced.

    Raises:
        ValueError: If a known strength is not allowed.
    """
    if isinstance(numbers, Tracer):
        return
    known = np.asarray(numbers, np.float64)
    wrong = ~((known == 0) | (known == 1)) if only_ends else ~((known >= 0) & (known <= 1))
    if wrong.any():
        index = [int(index) for index in np.argwhere(wrong)[0]]
        where = f" at {index}" if index else ""
        wanted = "be 0 or 1" if only_ends else "lie in [0, 1]"
        raise ValueError(f"{what} must {wanted}, got {known[wrong][0]:g}{where}.")


def require_mixture(what: str, weights: Float[Array, "... operations"], given: Any) -> None:
    """Require weights that form a mixture, each in [0, 1] and together 1, unless they are traced.

    Args:
        what: Name of the weights in errors.
        weights: The weights.
        given: The weights before conversion to a wider dtype: they need to add up to 1 only within its precision.

    Raises:
        ValueError: If known weights are not a mixture.
    """
    require_strengths(what, weights)
    if isinstance(weights, Tracer):
        return
    total = np.asarray(weights, np.float64).sum(-1)  # not in JAX, which would trace it inside a traced program
    dtype = jnp.asarray(given).dtype
    rounding = float(jnp.finfo(dtype).eps) if jnp.issubdtype(dtype, jnp.floating) else 0.0
    if not np.allclose(total, 1, atol=max(1e-3, 4 * rounding)):
        raise ValueError(f"{what} must add up to 1, got {np.ravel(total)[np.abs(np.ravel(total) - 1).argmax()]:g}.")
