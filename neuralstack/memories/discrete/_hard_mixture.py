"""The discrete form of stacks that mix their operations: one operation has all the weight."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from neuralstack.memories._base import AbstractMemory
from neuralstack.memories._end import End
from neuralstack.memories._observation import observe_hard_stack
from neuralstack.memories.mixture._mixed import AbstractMixture

COMPARED = (1.0, 1.0, 0.0), (-1.0, 0.0, 1.0), (0.0, -1.0, -1.0)
"""Map from the raw weights of push, pop and no-op to their differences, whose signs determine the greatest."""


class HardMixtureState(NamedTuple):
    """The elements of every stack, bottom first, with room for one more than can be pushed, and their number."""

    values: Float[Array, "stacks cells width"]
    heights: Int[Array, " stacks"]


class HardMixtureStacks(AbstractMemory):
    """The discrete form of a pointer or superposition stack: each step is a push, a pop or a no-op.

    It takes the actions of its soft form and performs the operation with the most weight. Only an integer moves, so a
    step costs O(stacks x width) whatever the height of the stacks, while the soft forms visit every cell.

    Examples:
        >>> import jax.numpy as jnp, neuralstack as ns
        >>> from neuralstack.memories import HardMixtureStacks
        >>> push, pop = [0.9, 0.0, 0.1], [0.1, 0.8, 0.1]
        >>> action = ns.MixedAction(jnp.array([push, push, pop, pop]), jnp.array([[5.0], [6.0], [0.0], [0.0]]))
        >>> ns.run(HardMixtureStacks(ns.PointerStack(width=1)), action)[:, 0].tolist()
        [5.0, 6.0, 5.0, 0.0]
    """

    soft: AbstractMixture
    """The soft form of these stacks."""

    @property
    def stacks(self) -> int:
        """Number of stacks."""
        return self.soft.number_of_stacks

    @property
    def depth_read(self) -> int:
        """Number of elements of each stack that are read, from the top down."""
        return self.soft.elements_read

    @property
    def empty(self) -> float:
        """Number that is read where an element is missing."""
        return self.soft.empty_value

    @property
    def action_size(self):
        return self.soft.action_size

    @property
    def gate_widths(self):
        return self.soft.gate_widths

    @property
    def value_widths(self):
        return self.soft.value_widths

    @property
    def read_size(self):
        return self.soft.read_size

    def init(self, steps, dtype=None):
        values = jnp.zeros((self.stacks, steps + 1, self.soft.width), dtype)
        return HardMixtureState(values, jnp.zeros(self.stacks, jnp.int32))

    def decode(self, raw):
        return self.soft.quantize(self.soft.decode(raw))

    def initial_bias(self):
        return self.soft.initial_bias()

    def step(self, state, action):
        operation, value = self.check(action)
        done = jnp.argmax(operation.reshape(self.stacks, 3), axis=-1)
        rows = jnp.arange(self.stacks)
        # A value that is not pushed is written above the top, where it is never read.
        places = jnp.minimum(state.heights, state.values.shape[1] - 1)
        values = state.values.at[rows, places].set(value.reshape(self.stacks, -1).astype(state.values.dtype))
        moved = (done == 0).astype(state.heights.dtype) - (done == 1).astype(state.heights.dtype)
        heights = jnp.maximum(state.heights + moved, 0)
        read_at = heights[:, None] - 1 - jnp.arange(self.depth_read)[None]
        read = jnp.where(read_at[..., None] >= 0, values[rows[:, None], jnp.maximum(read_at, 0)], self.empty)
        return HardMixtureState(values, heights), read.ravel()

    def strengths(self, state):
        there = jnp.arange(state.values.shape[1] - 1)[None] < state.heights[:, None]
        return there.astype(state.values.dtype).ravel()

    def total_strengths(self, action):
        return self.soft.total_strengths(self.soft.quantize(action))

    def check(self, action, *, steps=False):
        return self.soft.check(action, steps=steps)

    def observe(self, action, strengths):
        likeliest = action._replace(operation=np.eye(3)[np.argmax(action.operation, axis=-1)])
        return [
            observe_hard_stack(end_action.push, end_action.pop, self.depth_read)
            for end_action in self.end_actions(likeliest)
        ]

    def gates(self, action):
        return self.soft.gates(action)

    def margins(self, action):
        return self.soft.margins(action)

    def quantize(self, action):
        return self.soft.quantize(action)

    def discretized(self):
        return self

    def ends(self):
        return (End("stack", self.depth_read, self.empty),) * self.stacks

    def end_actions(self, action):
        return self.soft.split(action)

    def decision_matrix(self):
        return jnp.kron(jnp.eye(self.stacks), jnp.array(COMPARED))
