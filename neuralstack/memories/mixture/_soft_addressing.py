"""Reading and writing at a distribution over positions: the arithmetic of soft pointers."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def soft_lookup(buffer: Float[Array, "depth *shape"], position: Float[Array, " depth"]) -> Float[Array, "*shape"]:
    """Return the mean of a buffer's elements, weighted by a distribution over their positions.

    Examples:
        >>> import jax.numpy as jnp, neuralstack as ns
        >>> float(ns.soft_lookup(jnp.array([1.0, 2.0, 4.0]), jnp.array([0.0, 0.5, 0.5])))
        3.0
    """
    return jnp.tensordot(position, buffer, axes=1)


def soft_assign(
    buffer: Float[Array, "depth *shape"], position: Float[Array, " depth"], element: Float[Array, "*shape"]
) -> Float[Array, "depth *shape"]:
    """Return a buffer whose elements moved towards a new one in proportion to a distribution over their positions.

    Examples:
        >>> import jax.numpy as jnp, neuralstack as ns
        >>> ns.soft_assign(jnp.array([1.0, 2.0, 4.0]), jnp.array([0.0, 0.5, 0.5]), jnp.array(10.0)).tolist()
        [1.0, 6.0, 7.0]
    """
    weights = position.reshape(-1, *[1] * (buffer.ndim - 1))
    return (1 - weights) * buffer + weights * jnp.asarray(element)[None]


def shift_up(position: Float[Array, " places"]) -> Float[Array, " places"]:
    """Move a distribution one place up; the mass at the last place stays there."""
    return jnp.concatenate([jnp.zeros_like(position[:1]), position[:-1]]).at[-1].add(position[-1])


def shift_down(position: Float[Array, " places"]) -> Float[Array, " places"]:
    """Move a distribution one place down; the mass at the first place stays there."""
    return jnp.concatenate([position[1:], jnp.zeros_like(position[:1])]).at[0].add(position[0])
