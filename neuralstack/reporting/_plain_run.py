"""A machine's run on one text by greedy decoding, and what it does to its memory."""

from dataclasses import replace
from typing import Any, NamedTuple

import jax
import numpy as np

from neuralstack.evaluation import padded, predict
from neuralstack.machine import Machine
from neuralstack.tasks import AbstractTask

MOST_STEPS = 4096


class Stretch(NamedTuple):
    """Consecutive steps of a run, whose memory holds what one sequence of actions has left.

    These are the steps' own actions or, after an edit of the memory, those of the edit and then the steps' own.
    """

    first: int
    """The first of the steps."""
    before: list[str]
    """For each action of the edit, the symbol that names what it pushed, or an empty text."""
    action: Any
    """The actions, as NumPy arrays with one leading axis, along which there may be more of no meaning."""
    strengths: np.ndarray
    """The strength that is left of each element after each of them."""


class Run(NamedTuple):
    """A run of a machine: the tokens that it was given, its answer, and its outputs."""

    tokens: list[int]
    answer: list[int]
    logits: np.ndarray
    """For each token, in float64."""
    stretches: list[Stretch]
    edits: list[dict[str, Any]]
    """For each edited part of a step, the `step`, from 0, the `part`, and its `change` in words."""


def plain_run(machine: Machine, task: AbstractTask, source: list[int]) -> Run:
    """Return the run of a machine on a source, without edits."""
    given, answer = [*task.prompt(source)], predict(machine, source, task).tokens
    tokens = given + answer if task.end is not None else given
    shown = jax.device_get(machine.trace(padded(tokens, len(tokens))))
    logits = shown.logits[: len(tokens)].astype(np.float64)
    return Run(tokens, answer, logits, [Stretch(0, [], shown.action, shown.strengths)], [])


def require_short(task: AbstractTask, source: list[int]) -> None:
    """Check that a source does not take more steps than can be shown.

    Raises:
        ValueError: If the text takes more than `MOST_STEPS` steps.
    """
    steps = int(replace(task, max_length=len(source)).used_steps(len(source)))
    if steps > MOST_STEPS:
        raise ValueError(f"a trace shows at most {MOST_STEPS} steps, but this text takes {steps}: give a shorter one.")
