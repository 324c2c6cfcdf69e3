"""What stacks that mix their operations are once one operation has all the weight: the stacks of a textbook."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from neuralstack.memories._base import AbstractMemory
from neuralstack.memories._recompute import CheckpointedVJP
from neuralstack.memories.discrete._quantized import Quantized
from neuralstack.memories.mixture import PointerStack, SuperpositionStack


class HardMixtureState(NamedTuple):
    """The elements of every stack, bottom first, with room for one more than can be pushed; and how many there are."""

    values: Float[Array, "stacks cells width"]
    heights: Int[Array, " stacks"]


class HardMixtureStacks(AbstractMemory):
    """The discrete twin of a pointer or superposition stack: at each step it is pushed, popped or left alone.

    It takes the actions of its soft twin, and does what has the most weight. Only an integer is moved, so a step costs
    O(stacks x width) however tall the stacks are, where the soft ones look at every cell.

    Examples:
        >>> import jax.numpy as jnp, neuralstack as ns
        >>> from neuralstack.memories import HardMixtureStacks
        >>> push, pop = [0.9, 0.0, 0.1], [0.1, 0.8, 0.1]
        >>> action = ns.MixedAction(jnp.array([push, push, pop, pop]), jnp.array([[5.0], [6.0], [0.0], [0.0]]))
        >>> ns.run(HardMixtureStacks(ns.PointerStack(width=1)), action)[:, 0].tolist()
        [5.0, 6.0, 5.0, 0.0]
    """

    soft: PointerStack | SuperpositionStack

    @classmethod
    def of_width(cls, width):
        raise TypeError("hard stacks are made of the stacks whose twins they are, not of a width")

    @property
    def stacks(self) -> int:
        """How many stacks there are."""
        return self.soft.stacks if isinstance(self.soft, SuperpositionStack) else 1

    @property
    def depth_read(self) -> int:
        """How many elements of each are read, from the top down."""
        return self.soft.depth_read if isinstance(self.soft, SuperpositionStack) else 1

    @property
    def empty(self) -> float:
        """What is read where there is no element."""
        return self.soft.empty if isinstance(self.soft, SuperpositionStack) else 0.0

    @property
    def action_axes(self) -> tuple[int, ...]:
        """The axes of an action's operation at one step."""
        return (self.stacks, 3) if isinstance(self.soft, SuperpositionStack) else (3,)

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
        return Quantized(self.soft).decode(raw)

    def initial_bias(self):
        return self.soft.initial_bias()

    def gates(self, action):
        return self.soft.gates(action)

    def step(self, state, action):
        operation, value = self.check(action)
        done = jnp.argmax(operation.reshape(self.stacks, 3), axis=-1)
        rows = jnp.arange(self.stacks)
        # What is not pushed lies above the top, where nobody reads it.
        places = jnp.minimum(state.heights, state.values.shape[1] - 1)
        values = state.values.at[rows, places].set(value.reshape(self.stacks, -1).astype(state.values.dtype))
        heights = jnp.maximum(state.heights + (done == 0) - (done == 1), 0)
        read_at = heights[:, None] - 1 - jnp.arange(self.depth_read)
        read = jnp.where(read_at[..., None] >= 0, values[rows[:, None], jnp.maximum(read_at, 0)], self.empty)
        return HardMixtureState(values, heights), read.ravel()

    def strengths(self, state):
        there = jnp.arange(state.values.shape[1] - 1) < state.heights[:, None]
        return there.astype(state.values.dtype).ravel()

    def check(self, action, *, steps=False):
        return self.soft.check(action, steps=steps)

    def sequence_vjp(self, *, portable=False):
        return CheckpointedVJP(self)
