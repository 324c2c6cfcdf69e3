"""What the memories with one end have in common: how a controller's numbers become push, pop and value."""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from neuralstack._activations import sigmoid, tanh
from neuralstack.memories._base import Action
from neuralstack.memories._validation import fit, require_strengths

STRENGTH_BIASES = 1.0, -1.0
"""Of the raw numbers of push and pop, at the start of training.

A pop that takes away what was just pushed leaves a memory without a gradient: they start with the opposite.
"""


def decode(raw: Float[Array, "*batch action"]) -> Action:
    """Return the action of raw numbers: the push strength's, the pop strength's, and the value's."""
    return Action(sigmoid(raw[..., 0]), sigmoid(raw[..., 1]), tanh(raw[..., 2:]))


def initial_bias(width: int) -> Float[Array, " action"]:
    """Return the bias of raw numbers for values of some width."""
    return jnp.concatenate([jnp.array(STRENGTH_BIASES), jnp.zeros(width)])


def gates(action: Action) -> Float[Array, "*batch 2"]:
    """Return the two strengths side by side."""
    return jnp.stack([action.push, action.pop], axis=-1)


def check(memory: Any, action: Any, *, steps: bool, only_ends: bool = False) -> Action:
    """Return an action of a memory with one end as arrays (see `AbstractMemory.check`).

    Raises:
        ValueError: If it does not fit, or holds a strength that is known and outside of [0, 1], or between its ends.
    """
    action = fit(memory, Action(*action), ((), (), (memory.width,)), steps=steps)
    name = type(memory).__name__
    require_strengths(f"{name}'s push", action.push, only_ends=only_ends)
    require_strengths(f"{name}'s pop", action.pop, only_ends=only_ends)
    return action
