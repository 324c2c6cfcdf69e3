"""A memory layer between the blocks of a Transformer, over a whole sequence or one step at a time."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from neuralstack.machine._memory_layer import LayerState, MemoryLayer
from neuralstack.memories import AbstractMemory


class MemoryBranch(eqx.Module):
    """A memory layer with the norm first, past which its input gets in by learned factors that begin at 0.

    A factor of 1, as in other branches, would let the network answer without the memory, and most starts would never
    learn to use it. A recurrent controller finds out sooner than the attention before it when to push and when to pop.

    Args:
        width: Width of the inputs and of the outputs.
        memory: The memory.
        key: Source of the initial weights.
    """

    norm: eqx.nn.LayerNorm
    skip: Float[Array, " width"]
    layer: MemoryLayer

    def __init__(self, width: int, memory: AbstractMemory, *, key: PRNGKeyArray):
        self.norm = eqx.nn.LayerNorm(width)
        self.skip = jnp.zeros(width)
        self.layer = MemoryLayer(width, memory=memory, controller="gru", hidden=width, key=key)

    def __call__(self, inputs: Float[Array, "steps width"]) -> Float[Array, "steps width"]:
        """Run over a whole sequence, from an empty memory."""
        return self.skip * inputs + self.layer(jax.vmap(self.norm)(inputs))

    def init(self, steps: int) -> LayerState:
        """Return the state before the first of `steps` steps."""
        return self.layer.init(steps)

    def step(self, state: LayerState, x: Float[Array, " width"]) -> tuple[LayerState, Float[Array, " width"]]:
        """Take one step of one sequence."""
        state, output = self.layer.step(state, self.norm(x))
        return state, self.skip * x + output
