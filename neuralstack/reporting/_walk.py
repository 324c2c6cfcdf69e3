"""A machine's run on one source by greedy decoding, one step at a time, each of which may be changed."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Float

from neuralstack.machine import Machine, MachineState
from neuralstack.tasks import AbstractTask

Revision = Callable[[Any], Any]
"""A function from the action of a controller to the one that the memory takes."""
Change = Callable[[int, MachineState], tuple[MachineState, Revision | None]]
"""A function from a step and the state before it to the state that it begins with and a revision of its action."""


class Moment(NamedTuple):
    """One step of a run: its token, the state that it began with, the action that the memory took, and the outputs."""

    token: int
    before: MachineState
    action: Any
    logits: Float[np.ndarray, " vocab"]
    strengths: Float[np.ndarray, " cells"]


def unchanged(time: int, state: MachineState) -> tuple[MachineState, Revision | None]:
    """Change nothing."""
    return state, None


def walk(
    machine: Machine, task: AbstractTask, source: list[int], room: int, change: Change = unchanged
) -> Iterator[Moment]:
    """Yield each step of a run, until the machine ends its answer or it is cut off, as in `predict`.

    Args:
        machine: The machine.
        task: Its task.
        source: The source.
        room: Number of actions that the memory has room for.
        change: Changes of the steps. Defaults to none.
    """
    prompt, state, chosen = task.prompt(source), machine.init(room), 0
    for time in range(most_steps(task, source)):
        token = prompt[time] if time < len(prompt) else chosen
        before, revise = change(time, state)
        state, step = _step(machine, before, token)
        if revise is not None:
            state, step = _step_with(machine, before, token, revise(jax.device_get(step.action)))
        shown = jax.device_get(step)
        yield Moment(token, before, shown.action, shown.logits.astype(np.float64), shown.strengths)
        chosen = int(shown.logits.argmax())
        if task.end is not None and time >= len(prompt) - 1 and chosen == task.end:
            return


def most_steps(task: AbstractTask, source: list[int]) -> int:
    """Return the number of steps after which a run is cut off."""
    prompt, expected = len(task.prompt(source)), task.answer_length(len(source))
    return prompt if task.end is None else prompt + 2 * expected + 8


def answer_of(task: AbstractTask, source: list[int], logits: Float[np.ndarray, "steps vocab"]) -> list[int]:
    """Return the answer in the outputs of a run."""
    chosen = logits.argmax(-1).tolist()
    if task.end is not None:  # the output of the last step is the end, or cut off
        return chosen[len(task.prompt(source)) - 1 : -1]
    first = int(task.format.first_answer(len(source)))
    return chosen[first : first + task.answer_length(len(source))]


@jax.jit
def _step(machine, state, token):
    return machine.step(state, token)


@jax.jit
def _step_with(machine, state, token, action):
    return machine.step(state, token, revise=lambda _: action)
