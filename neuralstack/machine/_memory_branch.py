"""A memory layer as a residual branch, over a whole sequence or one step at a time."""

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from neuralstack.machine._memory_layer import LayerState, MemoryLayer
from neuralstack.memories import AbstractMemory


class MemoryBranch(eqx.Module):
    """A memory layer whose output is added to its input, with the norm first.

    Args:
        width: Width of the inputs and of the outputs.
        memory: The memory.
        key: Source of the initial weights.
    """

    norm: eqx.nn.LayerNorm
    layer: MemoryLayer

    def __init__(self, width: int, memory: AbstractMemory, *, key: PRNGKeyArray):
        self.norm = eqx.nn.LayerNorm(width)
        self.layer = MemoryLayer(width, memory=memory, hidden=width, key=key)

    def __call__(self, inputs: Float[Array, "steps width"]) -> Float[Array, "steps width"]:
        """Run over a whole sequence, from an empty memory."""
        return inputs + self.layer(jax.vmap(self.norm)(inputs))

    def init(self, steps: int) -> LayerState:
        """Return the state before the first of `steps` steps."""
        return self.layer.init(steps)

    def step(self, state: LayerState, x: Float[Array, " width"]) -> tuple[LayerState, Float[Array, " width"]]:
        """Take one step of one sequence."""
        state, output = self.layer.step(state, self.norm(x))
        return state, x + output
