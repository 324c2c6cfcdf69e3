"""Agreement of a machine with its hardened version, and the margin by which each action was rounded."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Int

from neuralstack.evaluation import require_room_for
from neuralstack.machine import Machine
from neuralstack.tasks import AbstractTask

GROUP_STEPS = 1 << 18  # steps x sequences that a machine runs at once, which bounds the space that it needs


class Fresh(NamedTuple):
    """Sequences used neither in training nor to find states, the shortest first."""

    tokens: Int[np.ndarray, "sequences steps"]
    scored: Bool[np.ndarray, "sequences steps"]
    used: Int[np.ndarray, " sequences"]
    """Number of steps of each sequence."""


class Agreement(NamedTuple):
    """The number of sequences on which two machines give the same answers, and their first difference."""

    same: int
    sequences: int
    first: tuple[int, int, int, int] | None
    """The sequence with the earliest difference, its step, and the two answers there."""


def draw_fresh(task: AbstractTask, lengths: tuple[int, int], count: int, seed: int = 0) -> Fresh:
    """Draw sequences with lengths between two bounds, inclusive.

    Raises:
        ValueError: If so many need more memory than the computer has.

    Examples:
        >>> import neuralstack as ns
        >>> draw_fresh(ns.Reversal(alphabet="ab"), (1, 3), count=4).tokens.shape
        (4, 8)
    """
    require_room_for(task, lengths[1], count, f"count={count} sequences of up to {lengths[1]} symbols need")
    task = replace(task.to_validate, max_length=lengths[1])
    length_key, key = jax.random.split(jax.random.fold_in(jax.random.key(seed), 2**31 - 1))
    drawn = jnp.sort(jax.random.randint(length_key, (count,), lengths[0], lengths[1] + 1))
    examples = jax.jit(jax.vmap(task.sample))(jax.random.split(key, count), drawn)
    used = np.broadcast_to(np.asarray(jax.vmap(task.used_steps)(drawn)), count)
    return Fresh(np.asarray(examples.inputs), np.asarray(examples.mask), used)


def groups_of(data: Fresh) -> Iterator[tuple[slice, int]]:
    """Yield groups of sequences to run at once, with the number of steps that the longest of each needs."""
    size = max(1, GROUP_STEPS // data.tokens.shape[1])
    for start in range(0, len(data.used), size):
        rows = slice(start, min(start + size, len(data.used)))
        yield rows, int(data.used[rows].max())


def answers(machine: Machine, data: Fresh, advance: Callable[[int], None] = lambda _: None) -> np.ndarray:
    """Return the answer of a machine after every step, [sequences, steps]."""
    answered = np.zeros(data.tokens.shape, np.int32)
    for rows, steps in groups_of(data):
        answered[rows] = np.asarray(_answers(machine, data.tokens[rows].T, steps)).T
        advance(rows.stop - rows.start)
    return answered


@jax.jit
def _answers(machine, tokens, steps):
    return jnp.argmax(machine.batch(tokens, steps).logits, axis=-1)


def agree(expected: np.ndarray, actual: np.ndarray, data: Fresh) -> Agreement:
    """Compare two machines' answers on the scored steps.

    Examples:
        >>> scored = np.array([[False, True], [False, True]])
        >>> data = Fresh(np.zeros((2, 2), int), scored, np.full(2, 2))
        >>> agree(np.array([[1, 2], [3, 4]]), np.array([[0, 2], [3, 5]]), data)
        Agreement(same=1, sequences=2, first=(1, 1, 4, 5))
    """
    differ = (expected != actual) & data.scored
    wrong = differ.any(1)
    first = None
    if wrong.any():
        steps = np.where(wrong, differ.argmax(1), differ.shape[1])
        row = int(steps.argmin())
        step = int(steps[row])
        first = row, step, int(expected[row, step]), int(actual[row, step])
    return Agreement(int((~wrong).sum()), len(wrong), first)


def action_margins(machine: Machine, data: Fresh) -> dict[str, np.ndarray]:
    """Return the margins by which each action of a machine is rounded, over all steps, from 0 to 0.5.

    The margin of a strength is its distance from 0.5; that of a mixture, half the lead of its likeliest operation.
    """
    margins_of: dict[str, list[np.ndarray]] = {}
    for rows, steps in groups_of(data):
        margins = jax.device_get(_margins(machine, data.tokens[rows].T, steps))
        valid = (np.arange(data.tokens.shape[1]) < data.used[rows][:, None]).T
        for name, margin in margins.items():
            margins_of.setdefault(name, []).append(margin[valid])
    return {name: np.concatenate(parts) for name, parts in margins_of.items()}


@jax.jit
def _margins(machine, tokens, steps):
    def margins(raw):  # not of the action itself, which a quantized machine has rounded
        return machine.memory.margins(machine.memory.decode(raw))

    return jax.vmap(jax.vmap(margins))(machine.batch(tokens, steps).raw_action)
