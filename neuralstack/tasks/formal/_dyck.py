"""Dyck languages: balanced brackets of several kinds."""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp

from neuralstack.tasks._base import AbstractTask
from neuralstack.tasks._chances import draw_chances, pick
from neuralstack.tasks._formats import Pair, Synchronous
from neuralstack.tasks.formal._brackets import draw_brackets, innermost_open

OPENING, CLOSING = "([{<«‹", ")]}>»›"


@dataclass(frozen=True)
class Dyck(AbstractTask):
    """Predict which brackets may come next in balanced brackets (Suzgun et al., 2019).

    After each symbol, the published target is the set of legal next symbols. It has every opening bracket and at most
    one closing bracket, so a target here is the closing one, or `.` if all brackets are closed; `legal` gives the set.
    Strings are drawn from S -> ( S ) with probability 1/2, S S with 1/4, otherwise nothing, given their exact length; a
    requested odd length is increased by one. The kind of each pair is uniform.

    Args:
        max_length: The longest source, at least 1.
        pairs: Number of kinds of brackets, 1 to 6.

    Raises:
        ValueError: If `pairs` is not from 1 to 6.

    Examples:
        >>> task = Dyck(pairs=2)
        >>> task.decode(task.answer(task.encode("([])[]")))
        ')]).].'
        >>> sorted(task.decode([symbol]) for symbol in task.legal(task.encode(")")[0]))
        ['(', ')', '[']
    """

    max_length: int = 100
    pairs: int = 2
    train_lengths: ClassVar[tuple[int, int]] = (2, 50)
    test_lengths: ClassVar[tuple[int, int]] = (52, 100)

    @property
    def vocabulary(self):
        if not 1 <= self.pairs <= len(OPENING):
            raise ValueError(f"there are 1 to {len(OPENING)} kinds of brackets, got pairs={self.pairs}.")
        return OPENING[: self.pairs] + CLOSING[: self.pairs] + "."

    @property
    def format(self):
        return Synchronous(self.symbols)

    def draw(self, key, length):
        brackets_key, kind_key = jax.random.split(key)
        size, length = self.source_length(self.max_length), self.source_length(length)
        closes = draw_brackets(brackets_key, length, size)
        kinds = pick(draw_chances(kind_key, size), self.pairs)
        innermost, depth = innermost_open(closes)
        due = self.pairs + kinds[innermost]
        source = jnp.where(closes, jnp.roll(due, 1), kinds)  # a bracket closes the innermost one before it
        return Pair(source, length, jnp.where(depth > 0, due, 2 * self.pairs), length)

    def answer(self, source):
        open_ones, target = [], []
        for index, symbol in enumerate(source, 1):
            if symbol < self.pairs:
                open_ones.append(symbol)
            elif not open_ones or open_ones.pop() != symbol - self.pairs:
                raise ValueError(f"{self.decode([symbol])!r} at place {index} closes no open bracket.")
            target.append(self.pairs + open_ones[-1] if open_ones else 2 * self.pairs)
        return target

    def legal(self, symbol: int) -> set[int]:
        """Return the set of legal next symbols that a target stands for."""
        return {*range(self.pairs), symbol} - {2 * self.pairs}

    def answer_length(self, source_length):
        return source_length

    def source_length(self, length):
        return length + length % 2
