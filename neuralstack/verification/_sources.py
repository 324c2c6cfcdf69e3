"""The sources of a task, and the sequences that a machine is given for them."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice, product, takewhile
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from neuralstack.automata import StackTransducer
from neuralstack.tasks import AbstractTask, Pair

CHUNK = 512  # sources that are laid out at once


class Asked(NamedTuple):
    """A source, its tokens up to the last answer that is scored, and the right answer at each, None if unscored."""

    source: list[int]
    tokens: list[int]
    wanted: list[int | None]


def every_source(task: AbstractTask, specification: StackTransducer | None, length: int) -> Iterator[list[Asked]]:
    """Yield all sources of a task of one length, in order, some at a time.

    A source is one that the task has an answer to and, if there is a specification, that this has rules for.
    """
    if specification is None:
        sources: Iterable[Sequence[int]] = product(range(task.symbols), repeat=length)
    else:
        sources = prefixes(task, specification, length)
    for some in laid_out(task, sources):
        yield [asked for asked in some if specification is None or has_rules(specification, asked.tokens)]


def prefixes(task: AbstractTask, specification: StackTransducer, length: int) -> Iterator[tuple[int, ...]]:
    """Yield all beginnings of sources that a specification has rules for."""
    before = task.prompt([])[: task.format.first_answer(0)]

    def extended(prefix: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        if len(prefix) == length:
            yield prefix
            return
        for symbol in range(task.symbols):
            longer = (*prefix, symbol)
            if has_rules(specification, [*before, *longer]):
                yield from extended(longer)

    return extended(())


def has_rules(program: StackTransducer, tokens: Sequence[int]) -> bool:
    """Return whether a program has a rule for each of some tokens."""
    try:
        program.run(tokens)
    except ValueError:
        return False
    return True


def laid_out(task: AbstractTask, sources: Iterable[Sequence[int]]) -> Iterator[list[Asked]]:
    """Yield those of some sources that have an answer, with their tokens and the right answers, some at a time."""
    rest = iter(sources)
    while chunk := [list(source) for source in islice(rest, CHUNK)]:
        pairs = []
        for source in chunk:
            with suppress(ValueError):  # it is not a source of the task
                pairs.append((source, list(task.answer(source))))
        scored = scored_symbols(task, pairs)
        yield [laid_out_one(task, source, target, of) for (source, target), of in zip(pairs, scored, strict=True)]


def laid_out_one(task: AbstractTask, source: list[int], target: list[int], scored: list[bool]) -> Asked:
    """Return the sequence of a source and its answer, of which some symbols are scored."""
    tokens = task.prompt(source)
    wanted = [None] * int(task.format.first_answer(len(source)))
    wanted += [symbol if counts else None for symbol, counts in zip(target, scored, strict=True)]
    if task.end is not None:
        tokens, wanted = [*tokens, *target], [*wanted, task.end]
    used = max((step for step, right in enumerate(wanted, 1) if right is not None), default=0)
    return Asked(source, tokens[:used], wanted[:used])


def scored_symbols(task: AbstractTask, pairs: list[tuple[list[int], list[int]]]) -> list[list[bool]]:
    """Return which symbols of each answer are scored."""
    if type(task).scored is AbstractTask.scored or not pairs:
        return [[True] * len(target) for _, target in pairs]
    room = [max(map(len, parts)) for parts in zip(*pairs, strict=True)]
    arrays = [
        np.array([[*part, *[0] * (most - len(part))] for part in parts])
        for parts, most in zip(zip(*pairs, strict=True), room, strict=True)
    ]
    lengths = [jnp.array(list(map(len, parts))) for parts in zip(*pairs, strict=True)]
    mask = jax.vmap(task.scored)(Pair(jnp.array(arrays[0]), lengths[0], jnp.array(arrays[1]), lengths[1]))
    return [row[: len(target)] for row, (_, target) in zip(np.asarray(mask).tolist(), pairs, strict=True)]


class Batch(NamedTuple):
    """Sequences of some sources, with a row for each."""

    tokens: np.ndarray
    targets: np.ndarray
    scored: np.ndarray
    """Whether an answer counts."""

    @property
    def used(self) -> np.ndarray:
        """The number of tokens up to the last answer that is scored, in each row."""
        return np.where(self.scored.any(1), self.scored.shape[1] - self.scored[:, ::-1].argmax(1), 0)

    def row(self, number: int, task: AbstractTask) -> Asked:
        """Return one of the sequences."""
        used = self.used[number]
        tokens, targets, scored = (part[number, :used].tolist() for part in self)
        wanted = [target if counts else None for target, counts in zip(targets, scored, strict=True)]
        return Asked(source_of(task, tokens), tokens, wanted)


def drawn_batches(task: AbstractTask, longest: int, count: int, seed: int = 2) -> Iterator[Batch]:
    """Yield sources that are drawn as in training, but with lengths from 1 to another longest one, in order."""
    task = replace(task.to_validate, max_length=longest)
    length_key, key = jax.random.split(jax.random.key(seed))
    lengths = jnp.sort(jax.random.randint(length_key, (count,), 1, longest + 1))
    lengths = jnp.pad(lengths, (0, -count % CHUNK), constant_values=1)
    draw = jax.jit(jax.vmap(task.sample))
    for start in range(0, count, CHUNK):
        keys = jax.random.split(jax.random.fold_in(key, start), CHUNK)
        examples = draw(keys, lengths[start : start + CHUNK])
        yield Batch(*(np.asarray(part)[: count - start] for part in examples))


def source_of(task: AbstractTask, tokens: list[int]) -> list[int]:
    """Return the source in a sequence: the symbols before the first mark that does not begin it."""
    rest = tokens[task.format.first_answer(0) :]
    return list(takewhile(lambda token: token < task.symbols, rest))
