"""The number of weights of a machine."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import PyTree


def is_floating(leaf: Any) -> bool:
    """Return whether a leaf is a floating-point array, or the shape of one."""
    return hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jnp.floating)


def num_parameters(tree: PyTree) -> int:
    """Return the number of floating-point numbers in a tree of arrays or of their shapes.

    Examples:
        >>> import jax.numpy as jnp
        >>> num_parameters({"weights": jnp.zeros((3, 4)), "steps": jnp.array(7)})
        12
    """
    return sum(leaf.size for leaf in jax.tree.leaves(tree) if is_floating(leaf))
