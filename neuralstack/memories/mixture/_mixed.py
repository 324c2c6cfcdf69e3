"""Stacks whose actions are mixtures of push, pop and no-op."""

import abc

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from neuralstack._varying import vary_like
from neuralstack.memories._actions import Action, MixedAction, mixture_margins, quantize_mixture
from neuralstack.memories._base import AbstractMemory
from neuralstack.memories._validation import fit, require_mixture
from neuralstack.memories.mixture._soft_addressing import shift_down, shift_up


class AbstractMixture(AbstractMemory):
    """A memory whose action is a `MixedAction`, on one stack or on several side by side."""

    width: int
    """Width of the values, at least 1."""

    @property
    @abc.abstractmethod
    def operation_axes(self) -> tuple[int, ...]:
        """Axes of the weights of one action: [3], or [stacks, 3]."""

    @property
    @abc.abstractmethod
    def number_of_stacks(self) -> int:
        """Number of stacks."""

    @property
    @abc.abstractmethod
    def elements_read(self) -> int:
        """Number of elements of each stack that are read, from the top down."""

    @property
    @abc.abstractmethod
    def empty_value(self) -> float:
        """Number that is read where an element is missing."""

    @property
    def action_size(self):
        return self.number_of_stacks * (3 + self.width)

    @property
    def gate_widths(self):
        return (3,) * self.number_of_stacks

    @property
    def value_widths(self):
        return (self.width,) * self.number_of_stacks

    @property
    def read_size(self):
        return self.number_of_stacks * self.elements_read * self.width

    def check(self, action, *, steps=False):
        shapes = self.operation_axes, (*self.operation_axes[:-1], self.width)
        given = MixedAction(*action)
        action = fit(self, given, shapes, steps=steps)
        require_mixture("the weights of push, pop and no-op", action.operation, given.operation)
        return action

    def total_strengths(self, action):
        """Return the mean number of elements of each stack, if every step drew its operation by the weights."""
        action = self.check(action, steps=True)
        operation = action.operation.reshape(-1, self.number_of_stacks, 3)
        heights = jnp.zeros((self.number_of_stacks, len(operation) + 1), operation.dtype).at[:, 0].set(1)

        def step(heights, operation):
            heights = jax.vmap(move)(heights, operation)
            return heights, heights @ jnp.arange(heights.shape[1], dtype=heights.dtype)

        return jax.lax.scan(step, vary_like(heights, operation), operation)[1]

    def gates(self, action):
        return action.operation.reshape(*self.batch_axes(action), 3 * self.number_of_stacks)

    def margins(self, action):
        return {"operation": mixture_margins(action.operation)}

    def quantize(self, action):
        return action._replace(operation=quantize_mixture(action.operation))

    def impose(self, action, strengths):
        """Give every stack the same strengths."""
        mixture = jnp.concatenate([strengths, 1 - strengths.sum(-1, keepdims=True)], axis=-1)
        mixture = mixture.reshape(*mixture.shape[:-1], *[1] * (len(self.operation_axes) - 1), 3)
        operation = jnp.broadcast_to(mixture, action.operation.shape)
        return action._replace(operation=operation.astype(action.operation.dtype))

    def gate_cross_entropy(self, raw, gates):
        axes = *raw.shape[:-1], self.number_of_stacks, 3
        raw = raw[..., : 3 * self.number_of_stacks]
        return optax.safe_softmax_cross_entropy(raw.reshape(axes), gates.reshape(axes)).sum(-1)

    def split(self, action: MixedAction) -> tuple[Action, ...]:
        """Return the push, the pop and the value of each stack, at any number of steps at once."""
        operation = action.operation.reshape(*self.batch_axes(action), self.number_of_stacks, 3)
        value = action.value.reshape(*operation.shape[:-1], self.width)
        return tuple(
            Action(operation[..., number, 0], operation[..., number, 1], value[..., number, :])
            for number in range(self.number_of_stacks)
        )

    def batch_axes(self, action: MixedAction) -> tuple[int, ...]:
        """Return the axes of an action before those of one step."""
        return action.operation.shape[: action.operation.ndim - len(self.operation_axes)]


def move(heights: Float[Array, " places"], operation: Float[Array, "3"]) -> Float[Array, " places"]:
    """Return the distribution over the height of a stack after an operation that is drawn by its weights."""
    push, pop, stay = operation
    return push * shift_up(heights) + pop * shift_down(heights) + stay * heights
