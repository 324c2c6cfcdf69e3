"""The batches of a stream: consecutive stretches."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

from neuralstack.tasks import Characters, Example


class Stretches(NamedTuple):
    """A batch of stretches."""

    example: Example
    """Its sequences, `[steps, size]`."""
    fresh: Bool[Array, ""]
    """Whether they start elsewhere, rather than where the last ones ended."""


def draw_stretches(
    task: Characters,
    attempt_step: Int[Array, ""],
    attempt_start: Int[Array, ""],
    attempt_key: Array,
    size: int,
    reset_every: int,
) -> Stretches:
    """Draw stretches of a stream: those that follow the last ones or, after `reset_every` symbols, new ones.

    Args:
        task: The stream.
        attempt_step: Number of batches trained on in this attempt.
        attempt_start: The step at which the attempt started.
        attempt_key: Random key of the attempt.
        size: Number of stretches.
        reset_every: Symbols after which reading starts elsewhere, from the learned state.
    """
    stride = task.max_length  # the last symbol of a stretch is the first of the next one
    in_row = max(1, min(reset_every, task.size - 1) // stride)
    row, column = jnp.divmod(attempt_step, in_row)
    key = jax.random.fold_in(attempt_key, 1 + attempt_start + row)
    starts = jax.random.randint(key, (size,), 0, task.size - in_row * stride) + column * stride
    pairs = jax.vmap(lambda start: task.stretch(start, stride))(starts)
    example = jax.vmap(lambda pair: task.format.format_pair(pair, task.scored(pair)), out_axes=1)(pairs)
    return Stretches(example, column == 0)
