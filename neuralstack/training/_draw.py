"""Training batches: sources of all lengths, or consecutive stretches of a stream."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from neuralstack.corpora import draw_stretches
from neuralstack.tasks import Characters
from neuralstack.training._curriculum import AbstractCurriculum, CurriculumState
from neuralstack.training._shards import Shards
from neuralstack.training.objectives import Batch


def draw_examples(
    task: Any,
    curriculum: AbstractCurriculum,
    state: CurriculumState,
    attempt_step: Int[Array, ""],
    key: Array,
    size: int,
    bounds: tuple[int, int],
    shards: Shards | None = None,
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
        shards: How the batch is spread over devices: only the examples of this one are drawn.
    """
    first_key, all_key, example_key = jax.random.split(key, 3)
    lengths = curriculum.draw(state, attempt_step, (first_key, all_key), size, bounds)
    steps, keys = task.used_steps(lengths.max()), jax.random.split(example_key, size)
    if shards is not None:
        keys, lengths = shards.rows(keys), shards.rows(lengths)
    example = jax.vmap(task.sample, out_axes=1)(keys, lengths)
    return Batch(task, example, lengths, steps, attempt_step, shards=shards)


def draw_stream(
    task: Characters,
    carried: Any,
    attempt_step: Int[Array, ""],
    attempt_start: Int[Array, ""],
    attempt_key: Array,
    size: int,
    reset_every: int,
    shards: Shards | None = None,
) -> Batch:
    """Draw the next batch of a stream, with the controllers' states after the last one (see `draw_stretches`)."""
    example, fresh = draw_stretches(task, attempt_step, attempt_start, attempt_key, size, reset_every)
    lengths = jnp.full(size, task.max_length)
    if shards is not None:
        example, lengths = jax.tree.map(lambda leaf: shards.rows(leaf, axis=1), example), shards.rows(lengths)
    return Batch(task, example, lengths, jnp.asarray(task.max_length), attempt_step, carried, fresh, shards=shards)
