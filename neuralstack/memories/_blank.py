"""Arrays that are about to be written."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from neuralstack import kernels
from neuralstack._varying import vary_like


def blank(entry: PyTree[Array], length: int) -> PyTree[Array]:
    """Return arrays with room for `length` such entries, whose contents are undefined.

    With the kernels, on a CPU, they are not cleared, which would take a tenth of the time of a training step.
    """
    if jax.default_backend() != "cpu" or not kernels.are_available():
        return jax.tree.map(lambda leaf: jnp.zeros_like(leaf, shape=(length, *leaf.shape)), entry)
    leaves, structure = jax.tree.flatten(entry)
    shapes = [jax.ShapeDtypeStruct((length, *leaf.shape), leaf.dtype) for leaf in leaves]
    arrays = jax.ffi.ffi_call("neuralstack_blank", shapes, vmap_method="broadcast_all")()
    return vary_like(jax.tree.unflatten(structure, arrays), entry)
