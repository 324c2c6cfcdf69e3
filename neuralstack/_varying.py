"""Arrays inside `jax.shard_map`, whose types say over which axes of the mesh they vary.

A loop must end with the types that it began with. One that begins with zeros, the same on every device, and ends with
what depends on a sharded batch does not: the zeros must be declared to vary from device to device.
"""

from functools import reduce
from operator import or_

import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree


def vary_like(tree: PyTree[Array], reference: PyTree[Array]) -> PyTree[Array]:
    """Return a tree whose arrays vary over the mesh axes over which some array of a reference does.

    Outside of `jax.shard_map` it is the same tree. Going backwards, what was the same on every device is summed.
    """
    leaves = jax.tree.leaves(reference)
    if not leaves or not jax.sharding.get_abstract_mesh().manual_axes:
        return tree
    varying = reduce(or_, [jnp.zeros_like(leaf, bool, shape=()) for leaf in leaves])
    return jax.tree.map(lambda leaf: jax.lax.select(varying, leaf, leaf), tree)


def vary_together(tree: PyTree[Array]) -> PyTree[Array]:
    """Return a tree all of whose arrays vary over the mesh axes over which some of them does."""
    return vary_like(tree, tree)
