"""The states that a machine's controller visits on sequences of its task."""

from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Bool, Float, Int, PRNGKeyArray, PyTree

from neuralstack.machine import Machine
from neuralstack.tasks import AbstractTask

BEFORE, SOURCE, ANSWER = -1, 0, 1
"""The phases of a sequence: before its first step, from there to the answer, and the answer. A state belongs to the
phase of the token that led to it."""


class Walk(NamedTuple):
    """Sequences of a task, with the phase of each of their steps."""

    tokens: Int[np.ndarray, "sequences steps"]
    phases: Int[np.ndarray, "sequences steps"]
    valid: Bool[np.ndarray, "sequences steps"]


class Moments(NamedTuple):
    """States of a controller, with its hidden vectors there."""

    states: PyTree[Float[np.ndarray, "moments ..."]]
    hidden: Float[np.ndarray, "moments hidden"]


def draw_walk(task: AbstractTask, key: PRNGKeyArray, count: int) -> Walk:
    """Draw sequences of a task, from its shortest training length to its `max_length`.

    Examples:
        >>> import neuralstack as ns
        >>> walk = draw_walk(ns.Reversal(2, alphabet="ab"), jax.random.key(0), 3)
        >>> walk.phases[0].tolist()  # the start and two symbols; what separates them from the answer, and the answer
        [0, 0, 0, 1, 1, 1]
    """
    low, high = min(task.train_lengths[0], task.max_length), task.max_length
    length_key, sample_key = jax.random.split(key)
    lengths = jax.random.randint(length_key, (count,), low, high + 1)
    examples = jax.jit(jax.vmap(task.sample))(jax.random.split(sample_key, count), lengths)
    time = np.arange(task.steps)
    sources, used = (np.asarray(jax.vmap(f)(lengths)) for f in (task.source_length, task.used_steps))
    first = np.array([task.format.first_answer(length) for length in sources])
    phases = np.where(time >= first[:, None], ANSWER, SOURCE)
    return Walk(np.asarray(examples.inputs), phases, time < used[:, None])


def visit(machine: Machine, walk: Walk) -> Moments:
    """Return the states after every valid step, ordered by sequence."""
    return Moments(*jax.tree.map(lambda leaf: np.asarray(leaf)[walk.valid], _visit(machine, walk.tokens)))


@jax.jit
def _visit(machine, tokens):
    def step(state, token):
        state, shown = machine.step(state, token)
        return state, (state.controller, shown.hidden)

    return jax.vmap(lambda tokens: jax.lax.scan(step, machine.init(len(tokens)), tokens)[1])(tokens)
