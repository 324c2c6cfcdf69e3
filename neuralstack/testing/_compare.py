"""Comparisons that say, when they fail, which law is broken and by how much."""

from typing import Any

import jax
import numpy as np


def require(holds: bool, memory: Any, law: str, deviation: str) -> None:
    """Raise unless a law holds.

    Args:
        holds: Whether the law holds.
        memory: The memory, named in the error.
        law: The law, as a sentence without its full stop.
        deviation: The values that break it.

    Raises:
        AssertionError: If the law does not hold.
    """
    if not holds:
        raise AssertionError(f"{type(memory).__name__} breaks a law of memories. {law}: {deviation}.")


def require_close(memory: Any, law: str, got: Any, wanted: Any, tolerance: float) -> None:
    """Raise unless two trees hold the same numbers, up to a tolerance relative to the largest of each array.

    Raises:
        AssertionError: If the numbers differ by more.
    """
    pairs = zip(jax.tree.leaves_with_path(got), jax.tree.leaves(wanted), strict=True)
    for (path, leaf), other in pairs:
        actual, expected = np.asarray(leaf, np.float64), np.asarray(other, np.float64)
        require(
            actual.shape == expected.shape,
            memory,
            law,
            f"the shapes are {list(actual.shape)} and {list(expected.shape)}",
        )
        error = np.abs(actual - expected)
        bound = tolerance * max(1.0, float(np.abs(expected).max(initial=0)))
        if not (error <= bound).all():  # a NaN is never within a bound
            index = tuple(map(int, np.unravel_index(np.argmax(np.nan_to_num(error, nan=np.inf)), error.shape)))
            where = f"{jax.tree_util.keystr(path)}{list(index)}"
            deviation = (
                f"{actual[index]:.7g} and {expected[index]:.7g} at {where}, which may differ by at most {bound:.1g}"
            )
            require(False, memory, law, deviation)


def require_finite(memory: Any, law: str, tree: Any) -> None:
    """Raise unless every number is finite.

    Raises:
        AssertionError: If a number is not finite.
    """
    for path, leaf in jax.tree.leaves_with_path(tree):
        wrong = np.argwhere(~np.isfinite(np.asarray(leaf, np.float64)))
        if len(wrong):
            index = tuple(map(int, wrong[0]))
            deviation = f"{np.asarray(leaf)[index]} at {jax.tree_util.keystr(path)}{list(index)}"
            require(False, memory, law, deviation)


def described(tree: Any) -> str:
    """Return the shapes and dtypes of a tree of arrays, or of their shapes, in one line."""
    leaves, form = jax.tree.flatten(tree)
    return str(jax.tree.unflatten(form, [f"{leaf.dtype.name}{list(leaf.shape)}" for leaf in leaves]))
