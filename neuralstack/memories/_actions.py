"""Actions of a controller on a memory, at one step or at every step of a sequence."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


class Action(NamedTuple):
    """An action on a memory with one end, at one step or at every step of a sequence.

    Python numbers, lists and NumPy arrays are accepted wherever JAX arrays are.

    Attributes:
        push: Push strength in [0, 1], of shape [] or [steps].
        pop: Pop strength in [0, 1], of the same shape.
        value: The pushed vector, of shape [width] or [steps, width].
    """

    push: Any
    pop: Any
    value: Any


class DequeAction(NamedTuple):
    """An action on a memory with two ends: an `Action` for each."""

    top: Action
    bottom: Action


class MixedAction(NamedTuple):
    """An action that mixes several operations, each with a weight.

    Attributes:
        operation: Weights of push, pop and no-op along the last axis, which add up to 1.
        value: The pushed vector.
    """

    operation: Any
    value: Any


def quantize_strengths(action: Action) -> Action:
    """Round the strengths of an action to 0 or 1."""
    push, pop = (jnp.where(strength >= 0.5, 1, 0).astype(strength.dtype) for strength in (action.push, action.pop))
    return action._replace(push=push, pop=pop)


def strength_margins(action: Action, where: str = "") -> dict[str, Float[Array, "*batch"]]:
    """Return the distances of an action's strengths from 0.5, the rounding boundary."""
    return {f"push{where}": jnp.abs(action.push - 0.5), f"pop{where}": jnp.abs(action.pop - 0.5)}


def quantize_mixture(weights: Float[Array, "*batch operations"]) -> Float[Array, "*batch operations"]:
    """Give the likeliest operation all the weight."""
    return jax.nn.one_hot(jnp.argmax(weights, -1), weights.shape[-1], dtype=weights.dtype)


def mixture_margins(weights: Float[Array, "*batch operations"]) -> Float[Array, "*batch"]:
    """Return half of the likeliest operation's lead over the next one."""
    ordered = jnp.sort(weights, axis=-1)
    return (ordered[..., -1] - ordered[..., -2]) / 2
