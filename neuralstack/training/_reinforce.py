"""Learning discrete actions by drawing them: REINFORCE (Williams, 1992)."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from neuralstack.machine import BatchSteps
from neuralstack.memories import AbstractMemory
from neuralstack.training._batch import Batch, Heads, mean, sum_from


def policy_loss(
    memory: AbstractMemory, shown: BatchSteps, batch: Batch, heads: Heads, entropy_weight: float
) -> Float[Array, ""]:
    r"""Return the loss whose gradient is that of REINFORCE with a baseline (Williams, 1992), and the baseline's own.

    The return of a step is the mean log-likelihood of the right symbols from there on; what it exceeds the baseline by,
    in units of its deviation over the batch, is the advantage of the drawn action.
    """
    _, targets, mask = batch.example
    reward = jnp.where(mask, -optax.softmax_cross_entropy_with_integer_labels(shown.logits, targets), 0.0)
    later = jnp.maximum(sum_from(mask.astype(reward.dtype)), 1)
    returns = jax.lax.stop_gradient(sum_from(reward) / later)
    counts = batch.own
    baseline = expected_return(heads, jax.lax.stop_gradient(shown.hidden))
    advantage = returns - jax.lax.stop_gradient(baseline)
    advantage = advantage / jnp.sqrt(mean(counts, advantage**2) + 1e-8)
    surprise, entropy = jax.vmap(jax.vmap(partial(surprise_and_entropy, memory)))(shown.raw_action, shown.action)
    policy = mean(counts, advantage * surprise) - entropy_weight * mean(counts, entropy)
    return policy + mean(counts, (returns - baseline) ** 2)


def surprise_and_entropy(
    memory: AbstractMemory, raw: Float[Array, " action"], action: Any
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Return the negative log probability of a drawn action, and the entropy of the draw."""
    surprise = memory.gate_cross_entropy(raw, memory.gates(action))
    return surprise, memory.gate_cross_entropy(raw, memory.gate_probabilities(raw))


def expected_return(heads: Heads, hidden: Float[Array, "steps batch hidden"]) -> Float[Array, "steps batch"]:
    """Return the baseline: what is to be expected from each step on."""
    if heads.learned is not None:
        return hidden @ heads.learned[:-1] + heads.learned[-1]
    assert heads.running is not None
    return jnp.broadcast_to(heads.running[:, None], hidden.shape[:2])
