"""Greedy decoding: the answers of a free-running machine."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from neuralstack._arguments import require_object
from neuralstack.machine import Machine, Transformer
from neuralstack.tasks import AbstractTask


class Prediction(NamedTuple):
    """The answer of a free-running machine."""

    text: str
    """The answer as text."""
    tokens: list[int]
    """The same as symbols of the task."""
    ended: bool
    """Whether the machine ended its answer itself, before it was cut off."""


def predict(
    machine: Machine | Transformer, source: str | Sequence[int], task: AbstractTask, limit: int | None = None
) -> Prediction:
    """Let a machine answer by greedy decoding, in which each token of the answer is the next input.

    Args:
        machine: A trained machine or Transformer.
        source: The source, as text or as symbols of the task.
        task: The machine's task.
        limit: Maximum length of the answer. Defaults to twice that of the correct one plus 8. If the length of an
            answer is determined by the source's, it has that length.

    Raises:
        ValueError: If the source is empty, or has a symbol that the task does not know.

    Examples:
        >>> import neuralstack as ns
        >>> task, key = ns.Reversal(max_length=4, alphabet="ab"), jax.random.key(0)
        >>> machine = ns.Machine(ns.GRU(4, 8, key=key), ns.NeuralStack(4), task.vocab_size, key=key)
        >>> len(ns.predict(machine, "abba", task, limit=3).tokens) <= 3
        True
    """
    require_object("task", task, AbstractTask, "ns.Reversal()")
    source = source_tokens(source, task)
    prompt, expected = task.prompt(source), task.answer_length(len(source))
    if task.end is None:
        first = task.format.first_answer(len(source))
        chosen = np.argmax(_outputs(machine, padded(prompt, len(prompt))), axis=-1)
        return prediction_of(chosen[first : first + expected].tolist(), task, ended=True)
    steps = len(prompt) + (2 * expected + 8 if limit is None else limit)
    tokens, count = jax.device_get(_run_freely(machine, padded(prompt, steps), len(prompt), steps, task.end))
    given = tokens[len(prompt) - 1 : count].tolist()
    ended = given[-1:] == [task.end]
    return prediction_of(given[:-1] if ended else given, task, ended=ended)


def source_tokens(source: str | Sequence[int], task: AbstractTask) -> list[int]:
    """Return a source as symbols.

    Raises:
        ValueError: If the source is empty, or has a symbol that the task does not know.
    """
    if isinstance(source, str):
        return task.encode(source)
    tokens = [int(token) for token in source]
    unknown = [token for token in tokens if not 0 <= token < task.symbols]
    if unknown or not tokens:
        got = f"the symbol {unknown[0]}" if unknown else "none"
        raise ValueError(f"a source needs at least one symbol, each in 0..{task.symbols - 1}, got {got}.")
    return tokens


def prediction_of(tokens: list[int], task: AbstractTask, *, ended: bool) -> Prediction:
    """Return a prediction with its text."""
    return Prediction(task.decode(tokens), tokens, ended)


def padded(tokens: list[int], steps: int) -> np.ndarray:
    """Return tokens padded to a power of two of at least `steps`: few different sizes need few compilations."""
    return np.array(tokens + [0] * ((1 << (steps - 1).bit_length()) - len(tokens)), np.int32)


@jax.jit
def _outputs(machine, tokens):
    return machine(tokens)


@jax.jit
def _run_freely(machine, prompt, prompt_length, limit, end):
    """Return the token chosen after each step, and the number of steps taken."""

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
