"""Evaluation sets: the fixed ones, and those of a file."""

from dataclasses import replace
from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from neuralstack._computer import require_room
from neuralstack.tasks import AbstractTask, Example

SET_SEED = 2015
SET_SIZE = 1000
LARGEST = 10**6  # sequences in a set, symbols in a source: beyond any machine's memory
STEP_BYTES = 20  # for a step of a sequence: input, target and mask, and about as much again while they are drawn


class Examples(NamedTuple):
    """Formatted sequences and the lengths of their sources."""

    examples: Example
    lengths: Int[Array, " sequences"]

    def __repr__(self) -> str:
        return eqx.tree_pformat(self)


def fixed_set(
    task: AbstractTask, lengths: tuple[int, int], count: int = SET_SIZE, *, count_per_length: int | None = None
) -> Examples:
    """Draw the fixed evaluation set of a range of lengths: the same sequences on every machine, for every run.

    Lengths are uniform between the two given, inclusive; if a task has no source of some length, one of the nearest
    length is drawn instead. The recorded lengths are those of the sources. Everything is determined by the seed 2015
    and the two lengths: the key is `jax.random.key(2015)` with the shortest and then the longest length folded in.

    Args:
        task: The task.
        lengths: The shortest and the longest source.
        count: Number of sequences.
        count_per_length: Number of sequences of every length that the task has, in place of `count`: the mean over the
            sequences is then also the mean over the lengths. By default, lengths are drawn.

    Raises:
        ValueError: If the lengths are not in order, the shortest is below 1, or there is no sequence to draw.

    Examples:
        >>> import neuralstack as ns
        >>> data = ns.fixed_set(ns.Reversal(), (3, 5), count_per_length=2)
        >>> data.lengths.tolist()
        [3, 3, 4, 4, 5, 5]
    """
    low, high = lengths
    if not 1 <= low <= high:
        raise ValueError(f"lengths must be two numbers in order, at least 1, got {low} and {high}.")
    if high > LARGEST:
        raise ValueError(f"lengths must be at most {LARGEST}, got {high}.")
    key = jax.random.fold_in(jax.random.fold_in(jax.random.key(SET_SEED), low), high)
    task = replace(task.to_validate, max_length=high)
    if count_per_length is None:
        _check_count("count", count, count)
        require_room_for(task, high, count, f"count={count} sequences of up to {high} symbols need")
        return _draw_uniform(task, (low, high), task.drawable_lengths(low, high), count, key)
    existing = _existing_lengths(task, low, high)
    count = count_per_length * len(existing)
    _check_count("count_per_length", count_per_length, count)
    require_room_for(task, high, count, f"{count} sequences of up to {high} symbols need")
    return _draw(task, np.repeat(np.array(existing, np.int32), count_per_length), jax.random.split(key)[1])


def require_room_for(task: AbstractTask, longest: int, count: int, subject: str) -> None:
    """Check that the computer has enough memory for a set of sequences.

    Args:
        task: The task of the sequences.
        longest: The longest source.
        count: Number of sequences.
        subject: The set in words, with its verb.

    Raises:
        ValueError: If the set needs more.
    """
    steps = int(replace(task, max_length=longest).steps)
    require_room(STEP_BYTES * count * steps, subject, "give fewer sequences, or shorter ones")


def _check_count(name: str, given: int, count: int) -> None:
    if given < 1:
        raise ValueError(f"a set needs at least 1 sequence, got {name}={given}.")
    if count > LARGEST:
        raise ValueError(f"a set holds at most {LARGEST} sequences, got {name}={given}.")


def _existing_lengths(task: AbstractTask, low: int, high: int) -> list[int]:
    """Return the lengths in a range for which a task has sources."""
    low, high = task.drawable_lengths(low, high)
    lengths = range(low, high + 1)
    if not task.sized_by_source:
        return list(lengths)
    existing = [length for length in lengths if int(task.source_length(length)) == length]
    if not existing:
        raise ValueError(
            f"{type(task).__name__} has no source of {low} to {high} symbols: give a wider range of lengths."
        )
    return existing


@partial(jax.jit, static_argnums=(0, 1, 2, 3))
def _draw_uniform(task, lengths, drawable, count, key):
    length_key, example_key = jax.random.split(key)
    drawn = jnp.clip(jax.random.randint(length_key, (count,), lengths[0], lengths[1] + 1), *drawable)
    return _draw(task, drawn, example_key)


@partial(jax.jit, static_argnums=0)
def _draw(task, lengths, key):
    def draw(key, length):
        pair = task.draw(key, length)
        size = jnp.asarray(pair.source_length) if task.sized_by_source else length
        return task.format.format_pair(pair, task.scored(pair)), size

    return Examples(*jax.vmap(draw)(jax.random.split(key, len(lengths)), lengths))
