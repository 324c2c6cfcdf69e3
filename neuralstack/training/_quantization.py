"""Quantization noise as a finishing phase of training: its probability grows as long as the answers stay right."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Annotated, Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from neuralstack.machine import Machine, check_rounding
from neuralstack.training._bounds import Bounds, Probability, Size, check_field

Shift = Annotated[float, Bounds(0, 0.5)]


class QuantizationState(NamedTuple):
    """The progress of the finishing phase."""

    level: Int[Array, ""]
    """Number of the current probability, from 1; 0 before the phase begins."""
    num_batches: Int[Array, ""]
    """Batches since the level was last reconsidered."""
    accuracy: Float[Array, ""]
    """Sum of their accuracies."""


@dataclass(frozen=True)
class Quantization:
    """A finishing phase that makes a machine exact: states, gates and values become -1, 0 or 1.

    Once a machine has learned, each of its numbers is rounded at random at every step (Fan et al., 2021, who round
    weights). Evaluations then measure the machine with everything rounded, which has finitely many states and cannot
    drift. Training with everything rounded is avoided: gradients explode there.

    Raises:
        ValueError: If a value has another type or is out of range, the probabilities do not rise from above 0 to at
            most 1, or `lower_at` is above `raise_at`.

    Examples:
        >>> quantization = Quantization(every=1)
        >>> state = quantization.update(quantization.init(), jnp.array(1.0), jnp.array(True))
        >>> int(state.level), round(float(quantization.probability(state)), 6)
        (1, 0.1)
    """

    probabilities: tuple[Probability, ...] = (0.1, 0.3, 0.5, 0.7, 0.8, 0.9)
    """The probability of rounding at each level."""
    every: Size = 100
    """Batches after which the level is reconsidered."""
    begin_at: Probability = 0.95
    """Mean accuracy of those batches, at all training lengths, with which the phase begins."""
    raise_at: Probability = 0.8
    """Mean accuracy with which the level rises."""
    lower_at: Probability = 0.4
    """Mean accuracy below which the level falls."""
    dither: Shift = 0.3
    """The largest shift of a number before it is rounded in training, which keeps numbers away from the boundaries
    between two roundings; half of the examples have none."""

    def __post_init__(self):
        if isinstance(self.probabilities, Iterable):
            object.__setattr__(self, "probabilities", tuple(self.probabilities))  # hashable, whatever was given
        for field in fields(self):
            check_field(type(self), field.name, getattr(self, field.name), field.name)
        levels = self.probabilities
        if not levels or any(low >= high for low, high in pairwise((0, *levels))) or levels[-1] > 1:
            raise ValueError(f"probabilities must be numbers that rise from above 0 to at most 1, got {levels}.")
        if self.lower_at > self.raise_at:
            raise ValueError(f"lower_at must not be above raise_at, got {self.lower_at} and {self.raise_at}.")

    def check(self, model: Any) -> None:
        """Check that a model can be rounded number by number.

        Raises:
            ValueError: If it is no `Machine`, or its memory has gates that are not rounded independently.
        """
        if not isinstance(model, Machine):
            raise ValueError(f"quantization needs a Machine, got {type(model).__name__}: leave it out.")
        check_rounding(model.memory)

    def init(self) -> QuantizationState:
        """Return the state before the first batch."""
        return QuantizationState(jnp.zeros((), jnp.int32), jnp.zeros((), jnp.int32), jnp.zeros(()))

    def probability(self, state: QuantizationState) -> Float[Array, ""]:
        """Return the current probability of rounding."""
        return jnp.array((0.0, *self.probabilities))[state.level]

    def update(
        self, state: QuantizationState, accuracy: Float[Array, ""], all_lengths: Bool[Array, ""]
    ) -> QuantizationState:
        """Return the state after a batch.

        Args:
            state: The state before it.
            accuracy: The fraction of the batch that was answered without an error.
            all_lengths: Whether the curriculum has reached all training lengths.
        """
        count, total = state.num_batches + 1, state.accuracy + accuracy.astype(state.accuracy.dtype)
        due, mean = count >= self.every, total / count
        higher = mean >= jnp.where(state.level == 0, self.begin_at, self.raise_at)
        change = jnp.where(higher & all_lengths, 1, jnp.where(mean < self.lower_at, -1, 0))
        lowest = jnp.minimum(state.level, 1)  # the phase does not end
        level = jnp.clip(state.level + jnp.where(due, change, 0), lowest, len(self.probabilities))
        return QuantizationState(level, jnp.where(due, 0, count), jnp.where(due, 0.0, total))
