"""The batches of training: sources of all lengths, or stretches of a stream that follow each other."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

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
    """Draw a batch of examples, whose lengths follow from a curriculum.

    Args:
        task: The task that examples are drawn of.
        curriculum: The rule for their lengths.
        state: Its progress.
        attempt_step: Number of batches trained on in this attempt.
        key: Source of the batch.
        size: Number of examples.
        bounds: The shortest and the longest source.
    """
    first_key, all_key, example_key = jax.random.split(key, 3)
    lengths = curriculum.draw(state, attempt_step, (first_key, all_key), size, bounds)
    example = jax.vmap(task.sample, out_axes=1)(jax.random.split(example_key, size), lengths)
    return Batch(task, example, lengths, task.used_steps(lengths.max()), attempt_step)


def draw_stretches(
    task: Characters,
    carried: Any,
    attempt_step: Int[Array, ""],
    attempt_start: Int[Array, ""],
    attempt_key: Array,
    size: int,
    reset_every: int,
) -> Batch:
    """Draw stretches of a stream: those that follow the last ones or, after `reset_every` symbols, new ones.

    Args:
        task: The stream.
        carried: The controllers' states at the end of the last stretches.
        attempt_step: Number of batches trained on in this attempt.
        attempt_start: The step at which the attempt began.
        attempt_key: Source of all that is drawn in the attempt.
        size: Number of stretches.
        reset_every: Symbols after which reading starts elsewhere, from the learned state.
    """
    stride = task.max_length  # the last symbol of a stretch is the first of the next one
    in_row = max(1, min(reset_every, task.size - 1) // stride)
    row, column = jnp.divmod(attempt_step, in_row)
    key = jax.random.fold_in(attempt_key, 1 + attempt_start + row)
    starts = jax.random.randint(key, (size,), 0, task.size - in_row * stride) + column * stride
    pairs = jax.vmap(lambda start: task.stretch(start, task.max_length))(starts)
    example = jax.vmap(lambda pair: task.format.format_pair(pair, task.scored(pair)), out_axes=1)(pairs)
    lengths = jnp.full(size, stride)
    return Batch(task, example, lengths, jnp.asarray(stride), attempt_step, carried, column == 0)
