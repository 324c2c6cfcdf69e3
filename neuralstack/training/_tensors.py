"""Trees of arrays in the safetensors format."""

from pathlib import Path
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
import safetensors
import safetensors.numpy

from neuralstack._files import read_bounded

Tree = TypeVar("Tree")
LARGEST = 1 << 36  # bytes of a file of weights


def to_bytes(tree: Any) -> bytes:
    """Return the arrays of a tree in the safetensors format, named by their paths in it."""
    return safetensors.numpy.save({name: np.asarray(_plain(leaf)) for name, leaf in named_leaves(tree)})


def from_file(path: Path, like: Tree) -> Tree:
    """Read arrays into a tree of the same shapes.

    Floating-point numbers keep the precision in which they were saved.

    Raises:
        ValueError: If the file is broken or its arrays do not match the tree.
    """
    try:
        content = read_bounded(path, LARGEST)
    except (OSError, ValueError) as error:
        raise ValueError(f"{str(path)!r} is broken or half-written ({error}): restore it, or train again.") from None
    return from_bytes(content, like, repr(str(path)))


def from_bytes(content: bytes, like: Tree, source: str) -> Tree:
    """Read arrays in the safetensors format into a tree of the same shapes; `source` is where they come from.

    Raises:
        ValueError: If they are broken or do not match the tree.
    """
    try:
        arrays = safetensors.numpy.load(content)
    except (ValueError, safetensors.SafetensorError) as error:
        raise ValueError(f"{source} is broken or half-written ({error}): restore it, or train again.") from None
    for name, leaf in named_leaves(like):
        array, expected = arrays.get(name), jax.eval_shape(_plain, leaf)
        if array is None or array.shape != expected.shape or not _same_kind(array.dtype, expected.dtype):
            got = "is missing" if array is None else f"is {array.dtype}{list(array.shape)}"
            raise ValueError(
                f"{source} does not fit the run's config.json: {name} {got}, "
                f"expected {expected.dtype}{list(expected.shape)}; restore both files, or train again."
            )
    if spare := sorted(arrays.keys() - {name for name, _ in named_leaves(like)}):
        raise ValueError(
            f"{source} does not fit the run's config.json: it also holds {spare[0]}; "
            "restore both files, or train again."
        )
    read = iter([_like(jnp.asarray(arrays[name]), leaf) for name, leaf in named_leaves(like)])
    return jax.tree.map(lambda leaf: next(read) if hasattr(leaf, "dtype") else leaf, like)


def named_leaves(tree: Any) -> list[tuple[str, Any]]:
    """Return the arrays of a tree with the names of their paths."""
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return [(jax.tree_util.keystr(path).lstrip("."), leaf) for path, leaf in leaves if hasattr(leaf, "dtype")]


def _plain(leaf: Any) -> Any:
    """Return a leaf as numbers, which a random key wraps."""
    return jax.random.key_data(leaf) if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key) else leaf


def _like(numbers: Any, leaf: Any) -> Any:
    return jax.random.wrap_key_data(numbers) if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key) else numbers


def _same_kind(array: Any, expected: Any) -> bool:
    precisions = {np.dtype("float32"), np.dtype("float64")}  # the second if a program has enabled x64
    return array == expected or {np.dtype(array), np.dtype(expected)} <= precisions
