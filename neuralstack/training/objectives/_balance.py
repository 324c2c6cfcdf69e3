"""The term that drives a memory to be full in between and empty at the end."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from neuralstack.memories import AbstractMemory


def imbalance(memory: AbstractMemory, action: Any, own: Bool[Array, "steps batch"]) -> Float[Array, ""]:
    r"""Return how far a memory is from being full in between and empty at the end: the less, the better.

    A pushdown automaton that accepts by empty stack matches every push by a pop. With $S_t$ the total strength that the
    memory holds after step $t$ of a sequence's own $T$ steps, the term is

    $\log(1 + S_T) - \log\left(1 + \frac{1}{T} \sum_t S_t\right)$,

    averaged over the sequences and over the stacks and queues of the memory. It is 0 for a memory that is never used,
    above 0 for one that only grows, and below 0 for one that fills and empties.

    Args:
        memory: The memory.
        action: Its actions, at every step of every sequence.
        own: Mask of the steps that belong to each sequence: a number of first ones.
    """
    totals = jax.vmap(memory.total_strengths, in_axes=1, out_axes=1)(action)
    own = own[..., None]
    is_last = own & ~jnp.concatenate([own[1:], jnp.zeros_like(own[:1])])
    average = jnp.where(own, totals, 0.0).sum(0) / jnp.maximum(own.sum(0), 1)
    return (jnp.log1p(jnp.where(is_last, totals, 0.0).sum(0)) - jnp.log1p(average)).mean()


def require_total_strengths(memory: AbstractMemory, balance: float) -> None:
    """Check that a memory has a total strength which a term of that weight can balance.

    Raises:
        ValueError: If it does not define `total_strengths`.
    """
    raw = jnp.zeros((1, memory.action_size))
    if not jax.eval_shape(lambda raw: memory.total_strengths(jax.vmap(memory.decode)(raw)), raw).shape[-1]:
        raise ValueError(
            f"balance must be 0 for a memory without total_strengths(action), got {balance:g} for "
            f"{type(memory).__name__}: leave it at 0, or use a stack or a queue."
        )
