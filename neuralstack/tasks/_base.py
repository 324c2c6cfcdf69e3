"""The interface of a task: sources, answers, the sequence that a machine sees, and its text."""

import abc
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from neuralstack.tasks._formats import AbstractFormat, Example, Pair
from neuralstack.tasks._text import decode_text, encode_text


@dataclass(frozen=True)
class AbstractTask(abc.ABC):
    """A family of sequences and their answers; symbols are integers from 0.

    Concrete tasks are frozen dataclasses, so that they can be static arguments of compiled functions. A task defines
    how a source is drawn, what its answer is and how its symbols are written; its format defines the sequence that a
    machine sees.
    """

    max_length: int
    """Length of the longest source; every example is padded to the number of steps that it takes."""
    train_lengths: ClassVar[tuple[int, int]]
    """The shortest and the longest source to train and validate on, as published."""
    test_lengths: ClassVar[tuple[int, int]]
    """The shortest and the longest source to test on, as published."""
    sized_by_source: ClassVar[bool] = True
    """Whether requested lengths are those of sources, rather than a parameter that determines them."""
    streams: ClassVar[bool] = False
    """Whether sources are stretches of a longer stream, through which a controller's state can be carried."""

    def __post_init__(self):
        if self.max_length < 1:
            raise ValueError(f"the longest source must have at least 1 symbol, got max_length={self.max_length}.")
        if not self.vocabulary or len(set(self.vocabulary)) < len(self.vocabulary):
            raise ValueError(f"an alphabet needs at least one character, and each only once, got {self.vocabulary!r}.")

    @property
    @abc.abstractmethod
    def vocabulary(self) -> Sequence[str]:
        """Text of each symbol; if all are single characters, text has no spaces between them."""

    @property
    @abc.abstractmethod
    def format(self) -> AbstractFormat:
        """The format that lays out a source and its answer in one sequence."""

    @abc.abstractmethod
    def draw(self, key: PRNGKeyArray, length: Int[Array, ""] | int) -> Pair:
        """Draw a source of `length` symbols, which may be traced, and its answer.

        The arrays are as long as the longest source and the longest answer. Entries beyond a pair's lengths are
        ignored.
        """

    @abc.abstractmethod
    def answer(self, source: list[int]) -> list[int]:
        """Return the correct answer, in plain Python, for tests to compare with.

        Raises:
            ValueError: If no answer is defined because the source is not one of the task's.
        """

    @abc.abstractmethod
    def answer_length(self, source_length: Any) -> Any:
        """Return the length of the answer to a source of this length, which may be traced."""

    @property
    def to_validate(self) -> "AbstractTask":
        """The task to draw validation sequences from, which are not trained on: itself, unless its sources are few."""
        return self

    @property
    def to_test(self) -> "AbstractTask":
        """The task to draw test sequences from: itself, unless its data has separate ones."""
        return self

    def source_length(self, length: Any) -> Any:
        """Return the length of a source if `length` symbols are requested: the same, if sources of that length exist.

        Otherwise, it is the next length that exists. The length may be traced.
        """
        return length

    def drawable_lengths(self, low: int, high: int) -> tuple[int, int]:
        """Return the shortest and the longest length to request so that every source has `low` to `high` symbols.

        Raises:
            ValueError: If the task has no source of these lengths.
        """
        if not self.sized_by_source:
            return low, high
        sizes = [length for length in range(low, high + 1) if low <= int(self.source_length(length)) <= high]
        if not sizes:
            raise ValueError(
                f"{type(self).__name__} has no source of {low} to {high} symbols: give a wider range of lengths."
            )
        return sizes[0], sizes[-1]

    def scored(self, pair: Pair) -> Bool[Array, " target"]:
        """Return the mask of the answer's symbols that are scored; by default, all are."""
        return jnp.arange(len(pair.target)) < pair.target_length

    def strengths(self, length: Int[Array, ""] | int) -> Float[Array, "steps 2"]:
        """Return how strongly a textbook algorithm pushes and pops at each step of a draw of `length`.

        The algorithm is for a memory that is read after each step, and whose read is the next symbol of the answer.

        Raises:
            ValueError: If the task has no such algorithm.
        """
        raise ValueError(
            f"{type(self).__name__} has no textbook algorithm whose pushes and pops could be imitated: choose the "
            "objective supervised."
        )

    @property
    def symbols(self) -> int:
        """Number of different symbols in sources and answers."""
        return len(self.vocabulary)

    @property
    def vocab_size(self) -> int:
        """Number of different tokens, marks included, that a machine's inputs and outputs range over."""
        return self.symbols + len(self.format.marks)

    @property
    def end(self) -> int | None:
        """The token that ends an answer, or None if an answer's length is determined by the source's."""
        return self.format.end

    @property
    def steps(self) -> int:
        """Number of steps of every example."""
        return self.used_steps(self.max_length)

    def used_steps(self, length: Any) -> Any:
        """Return the number of steps that a draw of `length` takes; the length may be traced."""
        source = self.source_length(length)
        return self.format.steps(source, self.answer_length(source))

    def sample(self, key: PRNGKeyArray, length: Int[Array, ""] | int) -> Example:
        """Draw one example; `length` may be traced, so that one compilation serves every length."""
        pair = self.draw(key, length)
        return self.format.format_pair(pair, self.scored(pair))

    def format_pair(
        self,
        source: Int[Array, " source"],
        source_length: Int[Array, ""] | int,
        target: Int[Array, " target"],
        target_length: Int[Array, ""] | int,
    ) -> Example:
        """Lay out a given pair, from padded arrays of any size; the lengths may be traced."""
        pair = Pair(source, source_length, target, target_length)
        return self.format.format_pair(pair, self.scored(pair))

    def example(self, source: list[int], target: list[int]) -> Example:
        """Lay out one given pair, padded like a sampled one.

        Raises:
            ValueError: If the source or the target is too long for `max_length`.
        """
        longest = self.source_length(self.max_length)
        room = longest, self.answer_length(longest)
        if len(source) > room[0] or len(target) > room[1]:
            raise ValueError(
                f"max_length={self.max_length} has room for a source of {room[0]} symbols and an answer of {room[1]}, "
                f"got {len(source)} and {len(target)}: give a task with a larger one."
            )
        sources, targets = (
            np.pad(np.array(tokens, int), (0, size - len(tokens)))
            for tokens, size in zip((source, target), room, strict=True)
        )
        return _laid_out(self, sources, len(source), targets, len(target))

    def prompt(self, source: list[int]) -> list[int]:
        """Return the tokens after which, or during which, a free-running machine answers (see the formats)."""
        return self.format.prompt(source, self.answer_length(len(source)))

    def encode(self, text: str) -> list[int]:
        """Turn typed text into a source.

        Raises:
            ValueError: If the text is empty, or has a word that is not a symbol.
        """
        return encode_text(text, self.vocabulary)

    def decode(self, tokens: list[int]) -> str:
        """Turn tokens into readable text."""
        return decode_text(tokens, self.vocabulary, self.format.marks)


@partial(jax.jit, static_argnums=0)
def _laid_out(task, source, source_length, target, target_length):
    """Lay out a pair in one compiled program, which is ready sooner than a dozen separate operations."""
    return task.format_pair(source, source_length, target, target_length)
