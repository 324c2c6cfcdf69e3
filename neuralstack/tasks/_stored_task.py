"""A task as a run stores it: symbols, format, lengths and example pairs, without the code that makes them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neuralstack.tasks._base import AbstractTask
from neuralstack.tasks._formats import Autoregressive, QueryTokens, Synchronous
from neuralstack.tasks._pairs import Pairs, draw_pair, nearest_length

FORMATS = {kind.__name__: kind for kind in (Autoregressive, QueryTokens, Synchronous)}
EXAMPLES = 512
LONGEST = 1 << 20  # symbols of a source or an answer
RECORDED = {"vocabulary", "format", "train_lengths", "test_lengths", "answer_lengths", "data_digest", "pairs"}


@dataclass(frozen=True)
class StoredTask(AbstractTask):
    """A task as a run stores it: machines answer, harden and are traced on it, but no new examples can be drawn."""

    pairs: Pairs
    format_name: str
    train_lengths: tuple[int, int]  # pyright: ignore[reportIncompatibleVariableOverride]
    test_lengths: tuple[int, int]  # pyright: ignore[reportIncompatibleVariableOverride]
    answer_lengths: tuple[int, ...]
    """The length of the answer to a source of 0, 1, ... symbols, extrapolated linearly beyond the last."""
    data_digest: str = ""
    """The digest of the task's data, if it is made of data."""

    @property
    def vocabulary(self):
        return self.pairs.vocabulary

    @property
    def format(self):
        return FORMATS[self.format_name](self.symbols)

    def draw(self, key, length):
        pair = draw_pair(self.pairs.table("train"), key, length)
        longest = self.source_length(self.max_length)
        room = self.answer_length(longest)
        target = jnp.pad(pair.target, (0, max(0, room - len(pair.target))))[:room]
        return pair._replace(source=pair.source[:longest], target=target)

    def drawable_lengths(self, low, high):
        return low, high  # for lengths without a pair, the nearest pair is drawn

    def source_length(self, length):
        """Return the length of the sources drawn if this length is requested; it may be traced."""
        return nearest_length(self.pairs.table("train"), length)

    def answer(self, source):
        try:
            return self.pairs.answer(source)
        except ValueError as error:
            raise ValueError(f"{error} Name the run's task, if it has one, to answer others.") from None

    def answer_length(self, source_length):
        last, table = len(self.answer_lengths) - 1, self.answer_lengths
        growth = table[-1] - table[-2]
        if isinstance(source_length, int | np.integer):
            return int(table[min(source_length, last)] + growth * max(source_length - last, 0))
        within = jnp.asarray(table)[jnp.clip(source_length, 0, last)]
        return within + growth * jnp.maximum(source_length - last, 0)


def keep_task(
    task: AbstractTask, lengths: tuple[int, int], pairs: Sequence[tuple[list[int], list[int]]] | None = None
) -> StoredTask | None:
    """Return what is stored of a task, or None if that would not be enough to replace it.

    Streams are not stored, nor are tasks with a custom format or with answers that are only partly scored.

    Args:
        task: The task.
        lengths: The shortest and the longest source in training.
        pairs: Examples, as symbols. Defaults to 512 drawn ones.
    """
    kind = type(task.format).__name__
    scores_all = type(task).scored is AbstractTask.scored
    if task.streams or FORMATS.get(kind) is not type(task.format) or not scores_all:
        return None
    rows = tuple((tuple(source), tuple(target), "train") for source, target in pairs or draw_examples(task, lengths))
    data = getattr(task, "pairs", None)
    lengths_counted = range(max(2, 1 + lengths[1], 1 + task.test_lengths[1]))
    return StoredTask(
        max_length=lengths[1],
        pairs=Pairs.from_rows(tuple(task.vocabulary), rows),
        format_name=kind,
        train_lengths=lengths,
        test_lengths=(int(task.test_lengths[0]), int(task.test_lengths[1])),
        answer_lengths=tuple(int(task.answer_length(length)) for length in lengths_counted),
        data_digest=data.digest if isinstance(data, Pairs) else "",
    )


def draw_examples(task: AbstractTask, lengths: tuple[int, int]) -> list[tuple[list[int], list[int]]]:
    """Draw distinct pairs of the lengths of training, always the same ones."""
    task = replace(task.to_validate, max_length=lengths[1])
    low, high = task.drawable_lengths(*lengths)
    keys = jax.random.split(jax.random.key(0), EXAMPLES)
    drawn = jax.device_get(jax.jit(jax.vmap(task.draw))(keys, low + jnp.arange(EXAMPLES) % (high - low + 1)))
    sizes = [np.broadcast_to(size, EXAMPLES) for size in (drawn.source_length, drawn.target_length)]
    pairs = {
        tuple(source[:source_length].tolist()): target[:target_length].tolist()
        for source, target, source_length, target_length in zip(drawn.source, drawn.target, *sizes, strict=True)
    }
    return [(list(source), target) for source, target in pairs.items()]


def to_record(task: StoredTask) -> dict[str, Any]:
    """Return a stored task as plain data."""
    return {
        "vocabulary": task.vocabulary,
        "format": task.format_name,
        "train_lengths": task.train_lengths,
        "test_lengths": task.test_lengths,
        "answer_lengths": task.answer_lengths,
        "data_digest": task.data_digest,
        "pairs": [[source, target] for source, target, _ in task.pairs.rows],
    }


def from_record(data: Any) -> StoredTask:
    """Return the stored task described by plain data, which may come from anywhere.

    Raises:
        ValueError: If the data is not the record of a task, or too large.
    """
    if not isinstance(data, dict) or set(data) != RECORDED or data["format"] not in tuple(FORMATS):
        raise ValueError(f"it is not the record of a task, an object of {', '.join(sorted(RECORDED))}")
    vocabulary, digest, pairs = data["vocabulary"], data["data_digest"], data["pairs"]
    if not isinstance(vocabulary, list) or not all(isinstance(word, str) and word for word in vocabulary):
        raise ValueError("its vocabulary must be a list of strings")
    if not isinstance(digest, str) or not isinstance(pairs, list) or not pairs:
        raise ValueError("its data_digest must be a string, and its pairs a list that is not empty")
    rows = []
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2:
            raise ValueError("each of its pairs must be a list of a source and an answer")
        rows.append((*(_numbers("pairs", tokens, 0, len(vocabulary) - 1) for tokens in pair), "train"))
    train, test = (_numbers(name, data[name], 1, LONGEST) for name in ("train_lengths", "test_lengths"))
    answers = _numbers("answer_lengths", data["answer_lengths"], 0, LONGEST)
    if len(train) != 2 or len(test) != 2 or train[0] > train[1] or len(answers) < 2:
        raise ValueError("its train_lengths and test_lengths must be two numbers in order, its answer_lengths a list")
    return StoredTask(
        max_length=train[1],
        pairs=Pairs.from_rows(tuple(vocabulary), rows),
        format_name=data["format"],
        train_lengths=(train[0], train[1]),
        test_lengths=(test[0], test[1]),
        answer_lengths=answers,
        data_digest=digest,
    )


def _numbers(name: str, values: Any, low: int, high: int) -> tuple[int, ...]:
    if not isinstance(values, list) or not values or len(values) > LONGEST:
        raise ValueError(f"its {name} must be lists of numbers")
    if not all(type(value) is int and low <= value <= high for value in values):
        raise ValueError(f"its {name} must be whole numbers from {low} to {high}")
    return tuple(values)
