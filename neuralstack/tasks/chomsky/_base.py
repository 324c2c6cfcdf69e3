"""Common parts of the benchmark's tasks: their lengths, their format, and the drawing and checking of bits."""

from dataclasses import dataclass
from typing import ClassVar

import jax
from jaxtyping import Array, Int, PRNGKeyArray

from neuralstack.tasks._base import AbstractTask
from neuralstack.tasks._formats import QueryTokens


@dataclass(frozen=True)
class AbstractChomskyTask(AbstractTask):
    """A task of the Chomsky-hierarchy benchmark (Delétang et al., 2023): trained on 1 to 40 symbols, tested to 500.

    Sources and answers have the distributions of the benchmark's public code, including those of one and two symbols.
    Two things differ: the numbers of some symbols, and that inputs and answers share one vocabulary, so that a machine
    may answer with any token, whereas the public code has outputs only for the symbols of answers.
    """

    max_length: int = 500
    train_lengths: ClassVar[tuple[int, int]] = (1, 40)
    test_lengths: ClassVar[tuple[int, int]] = (41, 500)

    @property
    def format(self):
        return QueryTokens(self.symbols)


def draw_below(key: PRNGKeyArray, length: int, count: int) -> Int[Array, " {length}"]:
    """Draw `length` symbols below `count`, uniformly."""
    return jax.random.randint(key, (length,), 0, count)


def require(source: list[int], known: int, what: str) -> None:
    """Check that a source is not empty and has only the symbols of this task's sources.

    Raises:
        ValueError: If the source is empty, or has a symbol of another task.
    """
    if not source:
        raise ValueError(f"a source is made of {what}, got none: give at least one symbol.")
    for index, symbol in enumerate(source, 1):
        if not 0 <= symbol < known:
            raise ValueError(f"a source is made of {what}, got the symbol {symbol} at place {index}.")
