"""What an objective is given: a batch, what is learned beside a machine, and how much each part counts."""

from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from neuralstack.tasks import Example


class Weights(NamedTuple):
    """How much each part of an objective counts."""

    pull: float | Float[Array, ""] = 0.0
    """The pull of the strengths towards 0 and 1."""
    autoencode: float = 0.0
    """Telling the input of the step before from what the controller shows."""
    entropy: float = 0.0
    """The entropy of the actions that are drawn."""
    noise: float | Float[Array, ""] = 0.0
    """The standard deviation of the noise on what the controller sees (see `noise_on`)."""


class Heads(eqx.Module):
    """What is learned beside a machine, and thrown away with training; a part that is not wanted is None."""

    reconstructor: Float[Array, "hidden embedding"] | None
    """From what the controller shows to the embedding of the input before."""
    running: Float[Array, " steps"] | None
    """The expected return of each step."""
    learned: Float[Array, " weights"] | None
    """Weights and a bias: the expected return of a step by what the controller shows there."""


class Batch(NamedTuple):
    """Sequences to learn from, time first."""

    example: Example
    steps: Int[Array, ""]
    """How many steps the longest of them takes; what comes later is not defined."""
    strengths: Float[Array, "steps batch 2"] | None
    """What a textbook program pushes and pops, for `traces`."""
    forcing: Float[Array, ""]
    """The probability that an action is the program's, not the machine's, for `traces`."""
    carried: Any = None
    """The controllers' states at the end of the batch before, where it goes on from there."""
    fresh: Bool[Array, ""] | bool = True
    """Whether it does not, but begins anew."""

    @property
    def taken(self) -> Array:
        """Which steps are defined, with an axis for the batch."""
        return (jnp.arange(len(self.example.inputs)) < self.steps)[:, None]

    @property
    def own(self) -> Array:
        """Which steps belong to each sequence: those up to its last scored one, not those that fill it up."""
        return self.taken & (sum_from(self.example.mask) > 0)


def sum_from(numbers: Array) -> Array:
    """Return, for each step, the sum over it and all later ones."""
    return jnp.cumsum(numbers[::-1], axis=0)[::-1]


def mean(counts: Array, numbers: Float[Array, "steps batch"]) -> Float[Array, ""]:
    """Return the mean over the steps that count; an axis of 1 counts for the whole batch."""
    size = numbers.size // counts.size
    return jnp.where(counts, numbers, 0.0).sum() / jnp.maximum(counts.sum() * size, 1)
