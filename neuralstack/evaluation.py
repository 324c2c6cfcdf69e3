"""How well a machine answers: on the fixed sets, on given data, by length, and free-running."""

import json
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from neuralstack.machine import Machine
from neuralstack.metrics import Score, cross_entropy, score
from neuralstack.tasks import AbstractTask, Example

SET_SEED = 2015
SET_SIZE = 1000
LARGEST = 10**6  # sequences in a set, symbols in a source: beyond any machine's memory
GROUP_STEPS = 1 << 14  # steps x sequences that go through the machine at once: what bounds the memory of an evaluation


class Examples(NamedTuple):
    """Laid-out sequences and the lengths of their sources."""

    examples: Example
    lengths: Int[Array, " sequences"]


class Report(NamedTuple):
    """How well a set was answered: means over its sequences, and the same for each length of the source."""

    coarse: float
    fine: float
    token: float
    loss: float
    by_length: dict[int, dict[str, int | float]]


def fixed_set(task: AbstractTask, lengths: tuple[int, int], count: int = SET_SIZE) -> Examples:
    """Draw the fixed evaluation set of a range of lengths: the same sequences on every machine, for every run.

    Lengths are uniform between the two given, both included. Everything follows from the seed 2015 and the two
    lengths: the key is `jax.random.key(2015)` with the shortest and then the longest length folded in.

    Raises:
        ValueError: If the lengths are not in order, the shortest is below 1, or there is no sequence to draw.
    """
    low, high = lengths
    if not 1 <= low <= high:
        raise ValueError(f"lengths must be two numbers in order, at least 1, got {low} and {high}.")
    if high > LARGEST:
        raise ValueError(f"lengths must be at most {LARGEST}, got {high}.")
    if count < 1:
        raise ValueError(f"a set needs at least 1 sequence, got count={count}.")
    if count > LARGEST:
        raise ValueError(f"a set holds at most {LARGEST} sequences, got count={count}.")
    key = jax.random.fold_in(jax.random.fold_in(jax.random.key(SET_SEED), low), high)
    return _draw(replace(task, max_length=high), low, count, key)


@partial(jax.jit, static_argnums=(0, 1, 2))
def _draw(task, low, count, key):
    length_key, example_key = jax.random.split(key)
    lengths = jax.random.randint(length_key, (count,), low, task.max_length + 1)
    return Examples(jax.vmap(task.sample)(jax.random.split(example_key, count), lengths), lengths)


def read_data(task: AbstractTask, path: str | Path) -> Examples:
    """Read sequences from a JSON-lines file, one `{"source": [...], "target": [...]}` a line.

    Tokens are numbers of the task's symbols, from 0; the END mark is not part of a target.

    Raises:
        ValueError: If the file cannot be read, holds nothing, or has a broken line, which is then named.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot read the data file {str(path)!r}: {error}.") from None
    pairs = [_read_pair(task, path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not pairs:
        raise ValueError(
            f"the data file {str(path)!r} is empty: it needs at least one line with a source and a target."
        )
    task = replace(task, max_length=max(max(map(len, pair)) for pair in pairs))
    padded = np.zeros((2, len(pairs), task.max_length), np.int32)
    lengths = np.array([[len(tokens) for tokens in pair] for pair in pairs]).T
    for row, pair in enumerate(pairs):
        for part, tokens in enumerate(pair):
            padded[part, row, : len(tokens)] = tokens
    examples = jax.jit(jax.vmap(task.lay_out))(padded[0], lengths[0], padded[1], lengths[1])
    return Examples(examples, jnp.asarray(lengths[0]))


def _read_pair(task, path, number, line):
    where = f"line {number} of {str(path)!r}"
    try:
        pair = json.loads(line)
        source, target = pair["source"], pair["target"]
    except (ValueError, TypeError, KeyError):
        raise ValueError(
            f'{where} is broken: it needs {{"source": [...], "target": [...]}}, got {line[:60]!r}.'
        ) from None
    for name, tokens in (("source", source), ("target", target)):
        if not isinstance(tokens, list) or not tokens or not all(type(token) is int for token in tokens):
            raise ValueError(f"{where} is broken: its {name} must be a list of at least one whole number.")
        wrong = [token for token in tokens if not 0 <= token < task.symbols]
        if wrong:
            raise ValueError(f"{where} is broken: symbol {wrong[0]} of its {name} is not in 0..{task.symbols - 1}.")
    return source, target


def evaluate(machine: Machine, data: Examples) -> Report:
    """Answer every sequence under teacher forcing and report the accuracies."""
    scores, losses = jax.device_get(_score_all(machine, data.examples))
    lengths = np.asarray(data.lengths)

    def mean(rows) -> dict[str, float]:
        return {name: float(np.mean(part[rows])) for name, part in (*scores._asdict().items(), ("loss", losses))}

    by_length = {
        int(length): {"sequences": int((lengths == length).sum()), **mean(lengths == length)}
        for length in np.unique(lengths)
    }
    return Report(**mean(slice(None)), by_length=by_length)


@jax.jit
def _score_all(machine, examples):
    sequences, steps = examples.inputs.shape
    size = min(sequences, max(1, GROUP_STEPS // steps))
    groups = -(-sequences // size)
    # The last group is filled up with the first sequences; what they score is cut off again.
    rows = (jnp.arange(groups * size) % sequences).reshape(groups, size)

    def score_group(rows):
        inputs, targets, mask = jax.tree.map(lambda leaf: leaf[rows].T, examples)
        output = machine.batch(inputs).output
        return score(jnp.argmax(output, -1) == targets, mask), cross_entropy(output, targets, mask)

    return jax.tree.map(lambda leaf: leaf.reshape(-1)[:sequences], jax.lax.map(score_group, rows))


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
        first = task.layout.first_answer(len(source))
        chosen = np.argmax(_outputs(machine, padded(prompt, len(prompt))), axis=-1)
        return Answer(chosen[first : first + expected].tolist(), True)
    limit = 2 * expected + 8 if limit is None else limit
    tokens, count = jax.device_get(
        _run_freely(machine, padded(prompt, len(prompt) + limit), len(prompt), len(prompt) + limit, task.end)
    )
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
        chosen = jnp.argmax(shown.output).astype(jnp.int32)
        return time + 1, state, chosen, tokens.at[time].set(chosen)

    start = jnp.array(0), machine.init(len(prompt)), jnp.array(0, jnp.int32), jnp.zeros_like(prompt)
    time, *_, tokens = jax.lax.while_loop(running, step, start)
    return tokens, time


def length_bands(
    by_length: dict[int, dict[str, int | float]], bands: int = 8
) -> Iterable[tuple[str, dict[str, int | float]]]:
    """Gather a report by length into at most `bands` rows of neighbouring lengths, for a table people can read."""
    lengths = sorted(by_length)
    for chosen in np.array_split(lengths, min(bands, len(lengths))):
        weights = [by_length[length]["sequences"] for length in chosen]
        means = {
            name: float(np.average([by_length[length][name] for length in chosen], weights=weights))
            for name in Score._fields
        }
        name = str(chosen[0]) if len(chosen) == 1 else f"{chosen[0]}-{chosen[-1]}"
        yield name, {"sequences": sum(weights), **means}
