"""Rounding of the numbers that a machine computes: none, all, or each with some probability (quantization noise).

A number becomes the nearest whole number: -1, 0 or 1 between these bounds, as are all but the cells of an LSTM; a gate
becomes 0 or 1. The gradient is that of the identity (straight-through; Bengio et al., 2013).
"""

from collections.abc import Callable
from typing import Any

import jax
from jaxtyping import Array, Float, PyTree

from neuralstack._activations import partly_rounded, rounded

Rounding = Callable[[PyTree[Any]], PyTree[Any]]
"""A function that rounds some of the numbers in a tree of arrays; an array that occurs twice is rounded once."""


def unrounded(tree: PyTree[Any]) -> PyTree[Any]:
    """Return the tree itself."""
    return tree


def all_rounded(tree: PyTree[Any]) -> PyTree[Any]:
    """Round every number in a tree.

    Examples:
        >>> import jax.numpy as jnp
        >>> all_rounded(jnp.array([0.4, -0.7])).tolist()
        [0.0, -1.0]
    """
    return jax.tree.map(rounded, tree)


class RoundingByMask:
    """Rounds the numbers for which a mask is not 0, and uses up the mask from call to call.

    A mask of 1 rounds the number itself, one of 1 + s the number shifted by s.

    It serves one step of one example, within one trace: it remembers which arrays it has rounded, so that a hidden
    vector that is also the state stays the same vector.

    Examples:
        >>> import jax.numpy as jnp
        >>> rounding = RoundingByMask(jnp.array([1.0, 0.0, 0.5]))
        >>> [number.tolist() for number in rounding((jnp.array([0.25, 0.25]), jnp.array([0.75])))]
        [[0.0, 0.25], [0.0]]
    """

    def __init__(self, mask: Float[Array, " numbers"]):
        self._mask, self._used, self._done = mask, 0, {}

    def __call__(self, tree: PyTree[Any]) -> PyTree[Any]:
        return jax.tree.map(self._leaf, tree)

    def _leaf(self, leaf: Array) -> Array:
        if id(leaf) not in self._done:  # the array is kept too, so that no other one can take its place in memory
            mask = self._mask[self._used : self._used + leaf.size].reshape(leaf.shape)
            self._used += leaf.size
            self._done[id(leaf)] = leaf, partly_rounded(leaf, mask.astype(leaf.dtype))
        return self._done[id(leaf)][1]


class _Counter:
    """Counts the numbers that a rounding by mask would use."""

    def __init__(self):
        self.count, self._seen = 0, []

    def __call__(self, tree: PyTree[Any]) -> PyTree[Any]:
        for leaf in jax.tree.leaves(tree):
            if not any(leaf is seen for seen in self._seen):
                self._seen.append(leaf)
                self.count += leaf.size
        return tree


def count_rounded(function: Callable[[Rounding], Any]) -> int:
    """Return how many numbers a function of a rounding rounds.

    Examples:
        >>> import jax.numpy as jnp
        >>> count_rounded(lambda rounding: rounding((jnp.zeros(3), jnp.zeros((2, 2)))))
        7
    """
    counter = _Counter()
    jax.eval_shape(lambda: function(counter))
    return counter.count
