"""Training batches: sources of all lengths, or consecutive stretches of a stream."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from neuralstack.corpora import draw_stretches
from neuralstack.tasks import Characters
from neuralstack.training._curriculum import AbstractCurriculum, CurriculumState
from neuralstack.training.objectives import Batch


def draw_examples(
    task: Any,
    curriculum: AbstractCurriculum,
    state: CurriculumState,
    attempt_step: Int[Array, ""],
    key: Array,
    size: int,
    bounds: tuple[int, int],
) -> Batch:
    """Draw a batch of examples whose lengths are chosen by a curriculum.

    Args:
        task: The task to draw from.
        curriculum: The rule for their lengths.
        state: The progress of the curriculum.
        attempt_step: Number of batches trained on in this attempt.
        key: Random key for the batch.
        size: Number of examples.
        bounds: The shortest and the longest source.
    """
    first_key, all_key, example_key = jax.random.split(key, 3)
    lengths = curriculum.draw(state, attempt_step, (first_key, all_key), size, bounds)
    example = jax.vmap(task.sample, out_axes=1)(jax.random.split(example_key, size), lengths)
    return Batch(task, example, lengths, task.used_steps(lengths.max()), attempt_step)


def draw_stream(
    task: Characters,
    carried: Any,
    attempt_step: Int[Array, ""],
    attempt_start: Int[Array, ""],
    attempt_key: Array,
    size: int,
    reset_every: int,
) -> Batch:
    """Draw the next batch of a stream, with the controllers' states after the last one (see `draw_stretches`)."""
    example, fresh = draw_stretches(task, attempt_step, attempt_start, attempt_key, size, reset_every)
    lengths = jnp.full(size, task.max_length)
    return Batch(task, example, lengths, jnp.asarray(task.max_length), attempt_step, carried, fresh)
