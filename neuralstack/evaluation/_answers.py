"""What a machine answers on its own."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from neuralstack.machine import Machine
from neuralstack.tasks import AbstractTask


class Answer(NamedTuple):
    """What a free-running machine answered, and whether it ended its answer by itself."""

    tokens: list[int]
    ended: bool


def answer(machine: Machine, task: AbstractTask, source: list[int], limit: int | None = None) -> Answer:
    """Let a machine answer on its own: greedy decoding, each answer being the next input where the task is joint.

    Args:
        machine: A trained machine.
        task: Its task.
        source: What it is to answer.
        limit: The longest answer to wait for; unless said, twice as long as the right one, and 8 more. Where the length
            of an answer follows from the source's, that is what is given.
    """
    prompt, expected = task.prompt(source), task.answer_length(len(source))
    if task.end is None:
        first = task.format.first_answer(len(source))
        chosen = np.argmax(_outputs(machine, padded(prompt, len(prompt))), axis=-1)
        return Answer(chosen[first : first + expected].tolist(), True)
    steps = len(prompt) + (2 * expected + 8 if limit is None else limit)
    tokens, count = jax.device_get(_run_freely(machine, padded(prompt, steps), len(prompt), steps, task.end))
    given = tokens[len(prompt) - 1 : count].tolist()
    return Answer(given[:-1], True) if given[-1:] == [task.end] else Answer(given, False)


def padded(tokens: list[int], steps: int) -> np.ndarray:
    """Return tokens with room for `steps`, and a few more: few different sizes, few compilations."""
    return np.array(tokens + [0] * ((1 << (steps - 1).bit_length()) - len(tokens)), np.int32)


@jax.jit
def _outputs(machine, tokens):
    return machine(tokens)


@jax.jit
def _run_freely(machine, prompt, prompt_length, limit, end):
    """Return the token chosen after each step, and how many steps were taken."""

    def running(carry):
        time, _, chosen, _ = carry
        ended = (time >= prompt_length) & (chosen == end)
        return (time < limit - 1) & ~ended

    def step(carry):
        time, state, chosen, tokens = carry
        token = jnp.where(time < prompt_length, prompt[time], chosen)
        state, shown = machine.step(state, token)
        chosen = jnp.argmax(shown.logits).astype(jnp.int32)
        return time + 1, state, chosen, tokens.at[time].set(chosen)

    start = jnp.array(0), machine.init(len(prompt)), jnp.array(0, jnp.int32), jnp.zeros_like(prompt)
    time, *_, tokens = jax.lax.while_loop(running, step, start)
    return tokens, time
