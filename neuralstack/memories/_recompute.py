"""Checkpointed passes of any memory with a step, in space that grows with the square root of the length.

The backward pass needs the state before each step. These states are recomputed, not all stored: the forward pass keeps
checkpoints, about the square root of the length apart, and when the backward pass reaches a stretch between two of
them, it recomputes the states of that stretch. So every step is taken about three times.
"""

from collections.abc import Callable
from math import ceil, sqrt
from typing import Any, NamedTuple, Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from neuralstack._varying import vary_like
from neuralstack.memories._sequence_vjp import AbstractSequenceVJP


@runtime_checkable
class SteppedMemory(Protocol):
    """The part of a memory's contract that is needed here: its empty state, its step, and the size of a read."""

    @property
    def read_size(self) -> int: ...
    @property
    def init(self) -> Callable[..., PyTree[Array]]: ...
    @property
    def step(self) -> Callable[..., tuple[PyTree[Array], Array]]: ...


class Backward(NamedTuple):
    """State of the backward pass: actions, checkpoints, the states of the stretch, and the state's cotangent."""

    action: Any
    steps: Int[Array, ""]
    kept: PyTree[Array]
    stretch: PyTree[Array]
    state_cotangent: PyTree[Array]


class CheckpointedVJP(AbstractSequenceVJP):
    """Passes of a memory that use its own step and checkpoints."""

    memory: SteppedMemory

    def reads(self, action, steps):
        length, dtype = length_and_dtype(action)

        def step(time, carry):
            state, reads = carry
            state, read = self.varying_step(state, at(action, time))
            return state, reads.at[time].set(read)

        if not length:  # a memory needs room for at least one step
            return jnp.zeros((0, self.memory.read_size), dtype)
        start = self.memory.init(length, dtype), jnp.zeros((length, self.memory.read_size), dtype)
        return jax.lax.fori_loop(0, steps, step, vary_like(start, action))[1]

    def reads_backward(self, action, steps, reads_cotangent):
        if not len(reads_cotangent):
            return action

        def step(count, carry):
            backward, cotangent = carry
            time = steps - 1 - count
            backward, action_cotangent = self.step_backward(backward, time, reads_cotangent[time])
            return backward, put(cotangent, action_cotangent, time)

        start = self.start_backward(action, steps), jax.tree.map(jnp.zeros_like, action)
        return jax.lax.fori_loop(0, steps, step, start)[1]

    def start_forward(self, steps, dtype):
        return self.memory.init(steps, dtype)

    def step_forward(self, carry, time, action):
        return self.varying_step(carry, action)

    def start_backward(self, action, steps):
        length, dtype = length_and_dtype(action)
        empty = vary_like(self.memory.init(length, dtype), action)
        size = max(1, ceil(sqrt(length)))

        def stretch(number, carry):
            state, kept = carry
            last = jnp.minimum((number + 1) * size, steps)
            return self.forward(action, number * size, last, state), put(kept, state, number)

        kept = room(empty, ceil(length / size))
        _, kept = jax.lax.fori_loop(0, (steps + size - 1) // size, stretch, (empty, kept))
        cotangent = jax.tree.map(jnp.zeros_like, eqx.filter(empty, eqx.is_inexact_array))
        return Backward(action, steps, kept, room(empty, size), cotangent)

    def step_backward(self, carry, time, read_cotangent):
        size = len(jax.tree.leaves(carry.stretch)[0])
        index = time % size
        # A loop of zero steps if the states are available: unlike a conditional, it never copies them.
        recomputed = jnp.where((index == size - 1) | (time == carry.steps - 1), index + 1, 0)

        def recompute(number, states):
            state, stretch = states
            return self.varying_step(state, at(carry.action, time - index + number))[0], put(stretch, state, number)

        start = at(carry.kept, time // size)
        _, stretch = jax.lax.fori_loop(0, recomputed, recompute, (start, carry.stretch))
        soft, fixed = eqx.partition(at(stretch, index), eqx.is_inexact_array)

        def step(soft, action):
            state, read = self.varying_step(eqx.combine(soft, fixed), action)
            return eqx.filter(state, eqx.is_inexact_array), read

        _, step_vjp = jax.vjp(step, soft, at(carry.action, time))
        cotangent, action_cotangent = step_vjp((carry.state_cotangent, read_cotangent))
        return carry._replace(stretch=stretch, state_cotangent=cotangent), action_cotangent

    def varying_step(self, state: PyTree[Array], action: Any) -> tuple[PyTree[Array], Array]:
        """Take a step; inside `jax.shard_map`, its results vary like the action, even constant ones."""
        return vary_like(self.memory.step(state, action), action)

    def forward(self, action: Any, first: Int[Array, ""], last: Int[Array, ""], state: PyTree[Array]) -> PyTree[Array]:
        """Return the state after the steps from `first` to just before `last`."""
        return jax.lax.fori_loop(first, last, lambda time, state: self.varying_step(state, at(action, time))[0], state)


def length_and_dtype(action: Any) -> tuple[int, Any]:
    """Return the number of steps in the actions of a sequence, and the dtype of its values."""
    leaves: list[Float[Array, "steps ..."]] = jax.tree.leaves(action)
    return len(leaves[-1]), leaves[-1].dtype


def at(tree: PyTree[Array], index: Int[Array, ""] | int) -> PyTree[Array]:
    """Return one of several items that are stacked in a tree."""
    return jax.tree.map(lambda leaf: leaf[index], tree)


def put(tree: PyTree[Array], item: PyTree[Array], index: Int[Array, ""] | int) -> PyTree[Array]:
    """Return the stacked items of a tree with one of them replaced."""
    return jax.tree.map(lambda leaf, entry: leaf.at[index].set(entry), tree, item)


def room(item: PyTree[Array], count: int) -> PyTree[Array]:
    """Return a tree of zeros for `count` stacked items."""
    return jax.tree.map(lambda leaf: jnp.zeros_like(leaf, leaf.dtype, shape=(count, *leaf.shape)), item)
