"""The default optimizer: Adam with gradient clipping, whose learning rate is part of its state."""

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

FIRST_DECAY, SECOND_DECAY = 0.9, 0.999  # of Adam's two moments


@cache
def clipped_adam(
    learning_rate: float = 1e-2,
    max_grad_norm: float = 1.0,
    learning_rate_half_life: int = 0,
    epsilon: float = 1e-8,
) -> optax.GradientTransformation:
    """Return Adam (Kingma & Ba, 2015) with gradients clipped by their global norm.

    The learning rate is part of the optimizer's state (`optax.inject_hyperparams`), so that runs that differ in it
    share one compiled program.

    Args:
        learning_rate: The initial step size.
        max_grad_norm: The global norm to which gradients are clipped.
        learning_rate_half_life: Half-life of the step size in steps, with smooth exponential decay; 0 keeps it
            constant.
        epsilon: Number added to the root of Adam's second moment. Where the loss gets close to 0, a larger one, such as
            1e-5, keeps tiny moments from making large steps.

    Examples:
        >>> import neuralstack as ns, optax, jax.numpy as jnp
        >>> state = ns.clipped_adam(1e-3).init(jnp.ones(2))
        >>> round(float(optax.tree.get(state, "learning_rate")), 4)
        0.001
    """

    def scale_by_rate(learning_rate):
        rate = learning_rate
        if learning_rate_half_life:
            rate = optax.exponential_decay(learning_rate, learning_rate_half_life, 0.5)
        return optax.scale_by_learning_rate(rate)

    return optax.chain(
        optax.clip_by_global_norm(max_grad_norm),
        optax.scale_by_adam(FIRST_DECAY, SECOND_DECAY, epsilon),
        optax.inject_hyperparams(scale_by_rate)(learning_rate=learning_rate),
    )


def with_learning_rate(state: Any, learning_rate: float) -> Any:
    """Return the state of `clipped_adam` with another learning rate."""
    return optax.tree.set(state, learning_rate=jnp.asarray(learning_rate, jnp.float32))


def gradient_variance(state: Any) -> float:
    """Return the variance of the clipped gradient over the last few hundred batches, summed over all weights.

    It is computed from the moments of `clipped_adam`: the mean of the squares minus the square of the mean.
    """
    return float(_gradient_variance(optax.tree.get(state, "ScaleByAdamState")))


@jax.jit
def _gradient_variance(adam: Any) -> Float[Array, ""]:
    num_updates = jnp.maximum(adam.count, 1)
    mean, squares = (
        optax.tree.bias_correction(moment, decay, num_updates)
        for moment, decay in ((adam.mu, FIRST_DECAY), (adam.nu, SECOND_DECAY))
    )
    return jnp.maximum(optax.tree.sum(squares) - optax.tree.norm(mean, squared=True), 0.0)
