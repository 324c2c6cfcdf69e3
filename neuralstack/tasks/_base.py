"""The contract of a task: sources, answers, the sequence that a machine sees, and its text."""

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

    Concrete tasks are frozen dataclasses, so that they can be static arguments of compiled functions. A task says how a
    source is drawn, what its answer is and how its symbols are written; its layout says what a machine sees of that.
    """

    max_length: int
    """The longest source; every example is padded to the steps that it takes."""
    train_lengths: ClassVar[tuple[int, int]]
    """The shortest and the longest source to train and validate on, as published."""
    test_lengths: ClassVar[tuple[int, int]]
    """The shortest and the longest source to test on, as published."""
    sized_by_source: ClassVar[bool] = True
    """Whether the lengths that are asked for are those of sources, not a parameter from which they follow."""
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
        """Text of each symbol; where all are single characters, a text has no spaces between them."""

    @property
    @abc.abstractmethod
    def format(self) -> AbstractFormat:
        """The format in which a source and its answer lie in one sequence."""

    @abc.abstractmethod
    def draw(self, key: PRNGKeyArray, length: Int[Array, ""] | int) -> Pair:
        """Draw a source of `length` symbols, which may be traced, and its answer.

        The arrays are as long as the longest source and the longest answer. What lies beyond a pair's lengths is not
        looked at.
        """

    @abc.abstractmethod
    def answer(self, source: list[int]) -> list[int]:
        """Return the right answer, in plain Python: what tests compare with.

        Raises:
            ValueError: If no answer is defined, because the source is not one of the task's.
        """

    @abc.abstractmethod
    def answer_length(self, source_length: Any) -> Any:
        """Return how long the answer to a source of this length is; the length may be traced."""

    @property
    def to_validate(self) -> "AbstractTask":
        """The task from which sequences are drawn that nothing is trained on: itself, unless its sources are few."""
        return self

    @property
    def to_test(self) -> "AbstractTask":
        """The task from which sequences for tests are drawn: itself, unless its data has some of their own."""
        return self

    def source_length(self, length: Any) -> Any:
        """Return how long a source is of which `length` symbols were asked for: the same, where every length exists.

        Elsewhere it is the next one that exists. The length may be traced.
        """
        return length

    def drawable_lengths(self, low: int, high: int) -> tuple[int, int]:
        """Return the shortest and the longest length to ask for so that every source has `low` to `high` symbols.

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
        """Say which symbols of the answer count: all, unless a task says which."""
        return jnp.arange(len(pair.target)) < pair.target_length

    def strengths(self, length: Int[Array, ""] | int) -> Float[Array, "steps 2"]:
        """Return what a textbook program pushes and pops at each step of a draw of `length`, where there is one.

        It is for a memory that is read after each step, and whose read is the next symbol of the answer.

        Raises:
            ValueError: If the task has none.
        """
        raise ValueError(
            f"{type(self).__name__} has no textbook program whose pushes and pops could be learned: choose the "
            "objective supervised."
        )

    @property
    def symbols(self) -> int:
        """Number of different symbols that sources and answers are made of."""
        return len(self.vocabulary)

    @property
    def vocab_size(self) -> int:
        """Number of different tokens, marks included: what a machine's inputs and outputs range over."""
        return self.symbols + len(self.format.marks)

    @property
    def end(self) -> int | None:
        """The token with which an answer ends; none, where its length follows from the source's."""
        return self.format.end

    @property
    def steps(self) -> int:
        """Number of steps of every example."""
        return self.used_steps(self.max_length)

    def used_steps(self, length: Any) -> Any:
        """Return how many of the steps a draw of `length` takes; it may be traced."""
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
            ValueError: If one of them is longer than there is room for.
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
        """Return the tokens after which, or during which, a free-running machine answers (see the layouts)."""
        return self.format.prompt(source, self.answer_length(len(source)))

    def encode(self, text: str) -> list[int]:
        """Turn typed text into a source.

        Raises:
            ValueError: If it is empty, or has a word that is no symbol.
        """
        return encode_text(text, self.vocabulary)

    def decode(self, tokens: list[int]) -> str:
        """Turn tokens into text that can be read."""
        return decode_text(tokens, self.vocabulary, self.format.marks)


@partial(jax.jit, static_argnums=0)
def _laid_out(task, source, source_length, target, target_length):
    """Compiled, because one program is sooner there than a dozen of single operations."""
    return task.format_pair(source, source_length, target, target_length)
