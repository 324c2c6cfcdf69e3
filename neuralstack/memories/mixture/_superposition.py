"""The superposition stack of Joulin & Mikolov (2015)."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from neuralstack._activations import sigmoid
from neuralstack.memories._actions import MixedAction
from neuralstack.memories._observation import Observation
from neuralstack.memories._validation import value_dtype
from neuralstack.memories.discrete._hard_mixture import HardMixtureStacks
from neuralstack.memories.mixture._mixed import AbstractMixture


class SuperpositionState(NamedTuple):
    """The cells of every stack, top first, and the fraction of each that was pushed and not popped."""

    cells: Float[Array, "stacks cells width"]
    filled: Float[Array, "stacks cells"]


class SuperpositionStack(AbstractMixture):
    r"""Stacks that mix push, pop and no-op at every step (Joulin & Mikolov, 2015).

    With $a$ the weights of push, pop and no-op, which add up to 1, and cell 0 the top (their equations 4 and 5, and
    the no-op):

    $s_t[i] = a^{push} s_{t-1}[i-1] + a^{pop} s_{t-1}[i+1] + a^{noop} s_{t-1}[i]$, where $s_{t-1}[-1]$ is the pushed
    value $v_t = \sigma(\cdot)$. The top `depth_read` cells are read.

    With several `stacks`, each has its own actions and values, and their reads are concatenated. A cell that was never
    pushed holds `empty`. In code, $a$ is the `operation` of a `MixedAction`.

    A step costs O(stacks x steps x width); the backward pass costs three times as much.

    Raises:
        ValueError: If a size is below 1.

    Examples:
        With weights of 0 and 1 it is a list:

        >>> import jax.numpy as jnp, neuralstack as ns
        >>> stack = ns.SuperpositionStack(width=1)
        >>> push, pop = [[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]]
        >>> action = ns.MixedAction(jnp.array([push, push, pop, pop]), jnp.array([[[0.2]], [[0.7]], [[0.0]], [[0.0]]]))
        >>> print(ns.run(stack, action)[:, 0].round(3))
        [ 0.2  0.7  0.2 -1. ]
    """

    stacks: int = 1
    """Number of stacks."""
    depth_read: int = 1
    """Number of cells of each stack that are read, from the top down."""
    empty: float = -1.0
    """Content of a cell that was never pushed: a number that no pushed value has."""

    @property
    def operation_axes(self):
        return self.stacks, 3

    @property
    def number_of_stacks(self):
        return self.stacks

    @property
    def elements_read(self):
        return self.depth_read

    @property
    def empty_value(self):
        return self.empty

    def __post_init__(self):
        if min(self.width, self.stacks, self.depth_read) < 1:
            raise ValueError(
                "a superposition stack's sizes must be at least 1, got "
                f"width={self.width}, stacks={self.stacks}, depth_read={self.depth_read}."
            )

    def init(self, steps, dtype=None):
        dtype = value_dtype(dtype)
        shape = self.stacks, max(steps, self.depth_read)
        return SuperpositionState(jnp.full((*shape, self.width), self.empty, dtype), jnp.zeros(shape, dtype))

    def decode(self, raw):
        operations, values = jnp.split(raw, [3 * self.stacks], axis=-1)
        operations = jax.nn.softmax(operations.reshape(*raw.shape[:-1], self.stacks, 3))
        return MixedAction(operations, sigmoid(values.reshape(*raw.shape[:-1], self.stacks, self.width)))

    def step(self, state, action):
        operation, value = self.check(action)
        operation = operation.astype(state.cells.dtype)
        cells = mix(operation[..., None], state.cells, value.astype(state.cells.dtype)[:, None], self.empty)
        filled = mix(operation, state.filled, jnp.ones_like(state.filled[:, :1]), 0.0)
        return SuperpositionState(cells, filled), cells[:, : self.depth_read].ravel()

    def strengths(self, state):
        return state.filled.ravel()

    def observe(self, action, strengths):
        """Elements are cells, with the fraction of each that is filled; those that are read are read in full."""
        observations = []
        for number, filled in enumerate(np.split(strengths, self.stacks, axis=1)):
            cells = np.arange(filled.shape[1])
            ends = [("top", *np.moveaxis(np.asarray(action.operation)[:, number, :2], -1, 0))]
            observations.append(
                Observation("cells", cells.tolist(), False, ends, filled, filled * (cells < self.depth_read))
            )
        return observations

    def discretized(self):
        return HardMixtureStacks(self)


def mix(
    operation: Float[Array, "stacks 3 ..."],
    cells: Float[Array, "stacks cells ..."],
    pushed: Float[Array, "stacks 1 ..."],
    empty: float,
) -> Float[Array, "stacks cells ..."]:
    """Return the mean of the cells after a push, a pop and a no-op, weighted by the operation."""
    push, pop, stay = jnp.split(operation, 3, axis=1)
    down = jnp.concatenate([pushed, cells[:, :-1]], axis=1)
    up = jnp.concatenate([cells[:, 1:], jnp.full_like(pushed, empty)], axis=1)
    return push * down + pop * up + stay * cells
