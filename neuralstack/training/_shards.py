"""A batch spread over devices: each computes on its own rows, and what they found is averaged in one order."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array

AXIS = "devices"


@dataclass(frozen=True)
class Shards:
    """The equal shares of a batch, one for each device of a mesh with the axis `AXIS`.

    Its methods are used by code that runs once on each device, inside `jax.shard_map`. Sums over the devices are taken
    in the order of the devices, which an all-reduce does not promise: they do not depend on how the devices are spread
    over processes and hosts.

    Args:
        count: The number of devices.
    """

    count: int

    def rows(self, array: Any, axis: int = 0) -> Any:
        """Return this device's rows of an array that every device has."""
        size = array.shape[axis] // self.count
        return jax.lax.dynamic_slice_in_dim(array, jax.lax.axis_index(AXIS) * size, size, axis)

    def whole(self, rows: Array) -> Array:
        """Return the array of which each device has some rows: the inverse of `rows`."""
        return jax.lax.all_gather(rows, AXIS, tiled=True)

    def total(self, numbers: Array) -> Array:
        """Return the sum over the devices."""
        return jax.lax.all_gather(numbers, AXIS).sum(0)

    def average(self, tree: Any) -> Any:
        """Return the mean of a tree of floating-point arrays over the devices, with one exchange for all of them."""
        flat, unravel = ravel_pytree(tree)
        return unravel(self.total(flat) / self.count)

    def drawn(self, draw: Any, shape: tuple[int, ...]) -> Array:
        """Return this device's rows, which are the axis before the last, of what is drawn for the whole batch.

        Args:
            draw: Function from a shape to random numbers.
            shape: The shape of this device's rows.
        """
        return self.rows(draw((*shape[:-2], shape[-2] * self.count, shape[-1])), axis=len(shape) - 2)


def drawn_rows(shards: Shards | None, draw: Any, shape: tuple[int, ...]) -> Array:
    """Return random numbers for the rows of a batch; on each device, the same ones as for these rows of the whole."""
    return jnp.asarray(draw(shape)) if shards is None else shards.drawn(draw, shape)
