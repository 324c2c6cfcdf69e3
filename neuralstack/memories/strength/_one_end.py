"""Memories with one end: their actions are a push strength, a pop strength and a value."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, Float

from neuralstack._activations import sigmoid, tanh
from neuralstack.memories._actions import Action, quantize_strengths, strength_margins
from neuralstack.memories._base import AbstractMemory
from neuralstack.memories._observation import Observation, window
from neuralstack.memories._validation import fit, require_strengths, require_width
from neuralstack.memories.strength._total import total_strength

STRENGTH_BIASES = 1.0, -1.0
"""Initial biases of the raw push and pop strengths.

If pops remove whatever was just pushed, the memory has no gradient, so machines start with strong pushes and weak pops.
"""

EMPTYING = 2.0**30
"""A pop of more strength than any memory holds: it removes everything, and has no gradient.

Actions cannot contain it, since their strengths are at most 1.
"""


class AbstractOneEnd(AbstractMemory):
    """A memory whose action is an `Action`: a push strength, a pop strength and a value."""

    width: int
    """Width of the values, at least 1."""

    def __post_init__(self):
        require_width(f"{type(self).__name__}'s values", self.width)

    @property
    def action_size(self):
        return 2 + self.width

    @property
    def gate_widths(self):
        return 1, 1

    @property
    def read_size(self):
        return self.width

    def decode(self, raw):
        return decode_soft(raw)

    def initial_bias(self):
        return jnp.concatenate([jnp.array(STRENGTH_BIASES), jnp.zeros(self.width)])

    def check(self, action, *, steps=False):
        return fit_strengths(self, action, steps=steps)

    def total_strengths(self, action):
        action = self.check(action, steps=True)
        return total_strength(action.push, action.pop)[:, None]

    def gates(self, action):
        return jnp.stack([action.push, action.pop], axis=-1)

    def margins(self, action):
        return strength_margins(action)

    def quantize(self, action):
        return quantize_strengths(action)

    def impose(self, action, strengths):
        push, pop = jnp.moveaxis(strengths.astype(action.push.dtype), -1, 0)
        return action._replace(push=push, pop=pop)

    def gate_cross_entropy(self, raw, gates):
        return optax.sigmoid_binary_cross_entropy(raw[..., :2], gates).sum(-1)

    def gate_probabilities(self, raw):
        return jax.nn.sigmoid(raw[..., :2])


def decode_soft(raw: Float[Array, "*batch action"]) -> Action:
    """Return the action of raw numbers: the first is for the push strength, the second for the pop strength."""
    return Action(sigmoid(raw[..., 0]), sigmoid(raw[..., 1]), tanh(raw[..., 2:]))


def empty_before(action: Action, starts: Bool[Array, " steps"]) -> Action:
    """Return actions at one end whose pops remove everything at some steps."""
    return action._replace(pop=jnp.where(starts, jnp.full_like(action.pop, EMPTYING), action.pop))


def fit_strengths(memory: Any, action: Any, *, steps: bool, only_ends: bool = False) -> Action:
    """Return an action of a memory with one end as arrays (see `AbstractMemory.check`).

    Raises:
        ValueError: If it does not fit, or a known strength is outside [0, 1] or, with `only_ends`, not 0 or 1.
    """
    action = fit(memory, Action(*action), ((), (), (memory.width,)), steps=steps)
    name = type(memory).__name__
    require_strengths(f"{name}'s push", action.push, only_ends=only_ends)
    require_strengths(f"{name}'s pop", action.pop, only_ends=only_ends)
    return action


def observe_one_end(kind: str, end: str, action: Action, strengths: Float[np.ndarray, "steps cells"]) -> Observation:
    """Return the contents of a stack or a queue, whose cells hold the values pushed at each step."""
    weights = window(strengths, top=kind == "stack")
    ends = [(end, np.asarray(action.push), np.asarray(action.pop))]
    return Observation(kind, [*range(strengths.shape[1])], True, ends, strengths, weights)
