"""Metrics of answers: cross-entropy, coarse, fine and token accuracy, success over seeds."""

from typing import NamedTuple

import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int


class Score(NamedTuple):
    """Accuracies of one sequence, or of each of several."""

    coarse: Float[Array, "*sequences"]
    fine: Float[Array, "*sequences"]
    token: Float[Array, "*sequences"]


def cross_entropy(
    outputs: Float[Array, "steps *batch symbols"],
    targets: Int[Array, "steps *batch"],
    mask: Bool[Array, "steps *batch"],
) -> Float[Array, "*batch"]:
    """Return the mean cross-entropy over the scored steps of each sequence, in nats.

    Every sequence has the same weight, whatever its length, so that short ones keep a fair share of the gradient.
    """
    losses = optax.softmax_cross_entropy_with_integer_labels(outputs, targets)
    return jnp.where(mask, losses, 0.0).sum(0) / jnp.maximum(mask.sum(0), 1)


def score(right: Bool[Array, "steps *batch"], mask: Bool[Array, "steps *batch"]) -> Score:
    """Score sequences, given which of their steps were answered correctly.

    Coarse accuracy is 1 if every scored step is correct; fine accuracy is the fraction of scored steps before the first
    error (Grefenstette et al., 2015); token accuracy is the fraction of scored steps that are correct. For a task whose
    answer is determined, all three are the same under teacher forcing as in greedy decoding up to the first error.

    Examples:
        >>> import jax.numpy as jnp
        >>> right, mask = jnp.array([False, True, False, True]), jnp.array([False, True, True, True])
        >>> [round(float(part), 3) for part in score(right, mask)]
        [0.0, 0.333, 0.667]
    """
    scored = jnp.maximum(mask.sum(0), 1)
    so_far = jnp.cumprod(right | ~mask, axis=0, dtype=jnp.int32)
    fine = (so_far * mask).sum(0) / scored
    return Score(so_far[-1].astype(fine.dtype), fine, (right & mask).sum(0) / scored)


def success_interval(successes: int, trials: int) -> tuple[float, float]:
    """Return the 95% confidence interval of a success rate (Wilson, 1927).

    Examples:
        >>> low, high = success_interval(99, 100)
        >>> round(low, 3), round(high, 3)
        (0.946, 0.998)
    """
    normal = 1.959963984540054  # the 97.5% quantile of the standard normal distribution
    rate, spread = successes / trials, normal**2 / trials
    center = (rate + spread / 2) / (1 + spread)
    margin = (spread * (rate * (1 - rate) + spread / 4)) ** 0.5 / (1 + spread)
    return center - margin if successes else 0.0, center + margin if successes < trials else 1.0
