"""Arrays inside `jax.shard_map`, whose types record the mesh axes over which they vary.

The types in the carry of a loop must not change. They would in a loop that starts from zeros, the same on every device,
and ends with values that depend on a sharded batch: the zeros must be declared to vary across devices.
"""

from functools import reduce
from operator import or_

import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree


def vary_like(tree: PyTree[Array], reference: PyTree[Array]) -> PyTree[Array]:
    """Return the tree with every array varying over the mesh axes over which any array of a reference varies.

    Outside `jax.shard_map` the tree is unchanged. The backward pass sums the gradients of an array that was the same
    on every device.
    """
    leaves = jax.tree.leaves(reference)
    if not leaves or not jax.sharding.get_abstract_mesh().manual_axes:
        return tree
    varying = reduce(or_, [jnp.zeros_like(leaf, bool, shape=()) for leaf in leaves])
    return jax.tree.map(lambda leaf: jax.lax.select(varying, leaf, leaf), tree)


def vary_together(tree: PyTree[Array]) -> PyTree[Array]:
    """Return the tree with every array varying over the mesh axes over which any of them varies."""
    return vary_like(tree, tree)
