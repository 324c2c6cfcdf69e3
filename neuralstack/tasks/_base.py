"""What every task is: a source, its answer, the steps a machine sees, and a way to type them."""

import abc
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Int, PRNGKeyArray


class Example(NamedTuple):
    """One sequence as a machine sees it: the token given at each step, the one wanted, and whether it is scored."""

    inputs: Int[Array, " steps"]
    targets: Int[Array, " steps"]
    mask: Bool[Array, " steps"]


@dataclass(frozen=True)
class AbstractTask(abc.ABC):
    """A family of sequences and their answers; tokens are integers from 0.

    Concrete tasks are frozen dataclasses, so that they can be static arguments of compiled functions.
    """

    max_length: int
    """The longest source; every example is padded to the steps that it takes."""
    train_lengths: ClassVar[tuple[int, int]]
    """The shortest and the longest source to train and validate on, as published."""
    test_lengths: ClassVar[tuple[int, int]]
    """The shortest and the longest source to test on, as published."""

    @property
    @abc.abstractmethod
    def symbols(self) -> int:
        """Number of different symbols that sources and answers are made of."""

    @property
    @abc.abstractmethod
    def vocabulary(self) -> int:
        """Number of different tokens, marks included: what a machine's inputs and outputs range over."""

    @property
    @abc.abstractmethod
    def steps(self) -> int:
        """Number of steps of every example."""

    @abc.abstractmethod
    def used_steps(self, length: Int[Array, ""]) -> Int[Array, ""]:
        """Return how many of the steps a source of `length` needs."""

    @abc.abstractmethod
    def sample(self, key: PRNGKeyArray, length: Int[Array, ""] | int) -> Example:
        """Draw one example; `length` may be traced, so that one compilation serves every length."""

    @abc.abstractmethod
    def answer(self, source: list[int]) -> list[int]:
        """Return the right answer, in plain Python: what tests compare with."""

    @abc.abstractmethod
    def layout(
        self,
        source: Int[Array, " source"],
        source_length: Int[Array, ""] | int,
        target: Int[Array, " target"],
        target_length: Int[Array, ""] | int,
    ) -> Example:
        """Lay out a given pair, from arrays padded to `max_length`; the lengths may be traced."""

    def example(self, source: list[int], target: list[int]) -> Example:
        """Lay out one given pair, padded like a sampled one."""
        padded = [jnp.zeros(self.max_length, int).at[: len(part)].set(jnp.array(part)) for part in (source, target)]
        return self.layout(padded[0], len(source), padded[1], len(target))

    @abc.abstractmethod
    def prompt(self, source: list[int]) -> list[int]:
        """Return the tokens after which a free-running machine starts to answer."""

    @property
    @abc.abstractmethod
    def end(self) -> int:
        """The token with which an answer ends."""

    @abc.abstractmethod
    def encode(self, text: str) -> list[int]:
        """Turn typed text into a source."""

    @abc.abstractmethod
    def decode(self, tokens: list[int]) -> str:
        """Turn tokens into text that can be read."""
