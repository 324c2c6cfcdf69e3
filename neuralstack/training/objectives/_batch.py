"""Batches, the weights learned beside a model, and means over scored steps."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from neuralstack.machine import QuantizationNoise
from neuralstack.tasks import AbstractTask, Example
from neuralstack.training._shards import Shards, drawn_rows


class Batch(eqx.Module):
    """Sequences to learn from, with time as the first axis."""

    task: AbstractTask = eqx.field(static=True)
    example: Example
    lengths: Int[Array, " batch"]
    """The requested length of each source."""
    steps: Int[Array, ""]
    """Number of steps of the longest sequence; later steps are undefined."""
    attempt_step: Int[Array, ""]
    """Number of batches trained on before this one, in this attempt."""
    carried: Any = None
    """The controllers' states at the end of the previous batch, if this one continues it."""
    fresh: Bool[Array, ""] | bool = True
    """Whether this batch starts from the learned state instead."""
    quantization: QuantizationNoise | None = None
    """Noise that rounds states, gates and values at random, in the finishing phase of training."""
    shards: Shards | None = eqx.field(static=True, default=None)
    """The shares of the whole batch, if this is one device's share of it."""

    @property
    def defined(self) -> Bool[Array, "steps 1"]:
        """Mask of the defined steps, with an axis for the batch."""
        return (jnp.arange(len(self.example.inputs)) < self.steps)[:, None]

    @property
    def own(self) -> Bool[Array, "steps batch"]:
        """Mask of the steps that belong to each sequence: those up to its last scored step, without padding."""
        return self.defined & (sum_from(self.example.mask) > 0)

    def drawn(self, draw: Callable[[tuple[int, ...]], Array], *shape: int) -> Array:
        """Return random numbers `[steps, batch, *shape]`; each sequence has the same on any number of devices."""
        return drawn_rows(self.shards, draw, (*self.example.inputs.shape, *shape))

    def mean(self, mask: Array, numbers: Float[Array, "steps batch"]) -> Float[Array, ""]:
        """Return the mean over the steps in a mask; an axis of size 1 stands for the whole batch.

        The mean over all devices of what this returns is that over the whole batch.
        """
        scored = mask.sum() * (numbers.size // mask.size)
        if self.shards is None:
            counted = jnp.maximum(scored, 1)
        else:
            counted = jnp.maximum(self.shards.total(scored), 1) / self.shards.count
        return jnp.where(mask, numbers, 0.0).sum() / counted


class BatchResult(NamedTuple):
    """The results of one batch, besides the loss that is minimized."""

    loss: Float[Array, ""]
    """Cross-entropy of the answers, in nats."""
    accuracy: Float[Array, ""]
    """Fraction of the sequences answered without an error."""
    carried: Any
    """The controllers' states at the end of the batch, if the next one may continue it; otherwise None."""
    state: Any
    """The objective's next state."""


class Heads(eqx.Module):
    """Weights learned beside a model and dropped after training; those not needed are None."""

    reconstructor: Float[Array, "hidden embedding"] | None = None
    """Projection of the controller's output to the embedding of the previous input."""
    baseline: Float[Array, " weights"] | None = None
    """Weights and a bias that predict the expected return of a step from the controller's output."""


def sum_from(numbers: Array) -> Array:
    """Return, for each step, the sum over that step and all later ones."""
    return jnp.cumsum(numbers[::-1], axis=0)[::-1]
