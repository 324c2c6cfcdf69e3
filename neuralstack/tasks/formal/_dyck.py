"""Dyck languages: balanced brackets of several kinds."""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp

from neuralstack.tasks._base import AbstractTask
from neuralstack.tasks._grammar import draw_word
from neuralstack.tasks._layouts import Pair, Stepwise

OPENING, CLOSING = "([{<«‹", ")]}>»›"
GRAMMAR = (("S", ((0.5, "( S )"), (0.25, "S S"), (0.25, ""))),)


@dataclass(frozen=True)
class Dyck(AbstractTask):
    """Say which brackets may come next in balanced brackets (Suzgun et al., 2019).

    After each symbol, the published target is the set of legal next symbols. Every opening bracket always is one, and
    at most one closing bracket, so a target names that one, or `.` where all brackets are closed; `legal` gives the
    set. Strings are drawn from S -> ( S ) with probability 1/2, S S with 1/4, else nothing, given their exact length;
    an odd one that is asked for is one longer. The kind of each pair is uniform.

    Args:
        max_length: The longest source, at least 1.
        pairs: How many kinds of brackets there are, 1 to 6.

    Raises:
        ValueError: If there are none, or more than 6.

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
    def words(self):
        if not 1 <= self.pairs <= len(OPENING):
            raise ValueError(f"there are 1 to {len(OPENING)} kinds of brackets, got pairs={self.pairs}.")
        return OPENING[: self.pairs] + CLOSING[: self.pairs] + "."

    @property
    def layout(self):
        return Stepwise(self.symbols)

    def draw(self, key, length):
        word_key, kind_key = jax.random.split(key)
        size, length = self.source_length(self.max_length), self.source_length(length)
        closes = draw_word(word_key, GRAMMAR, length, size) == 1
        kinds = jax.random.randint(kind_key, (size,), 0, self.pairs)

        def take(carry, step):
            stack, depth = carry
            close, kind = step
            symbol = jnp.where(close, self.pairs + stack[depth - 1], kind)
            stack = jnp.where(close, stack, stack.at[depth].set(kind))
            depth = depth + jnp.where(close, -1, 1)
            due = jnp.where(depth > 0, self.pairs + stack[depth - 1], 2 * self.pairs)
            return (stack, depth), (symbol, due)

        _, (source, target) = jax.lax.scan(take, (jnp.zeros(size + 1, int), jnp.array(0)), (closes, kinds))
        return Pair(source, length, target, length)

    def answer(self, source):
        open_ones, target = [], []
        for place, symbol in enumerate(source, 1):
            if symbol < self.pairs:
                open_ones.append(symbol)
            elif not open_ones or open_ones.pop() != symbol - self.pairs:
                raise ValueError(f"nothing is open that {self.decode([symbol])!r} at place {place} could close.")
            target.append(self.pairs + open_ones[-1] if open_ones else 2 * self.pairs)
        return target

    def legal(self, symbol: int) -> set[int]:
        """Return the legal next symbols that a target stands for."""
        return {*range(self.pairs), symbol} - {2 * self.pairs}

    def answer_length(self, source_length):
        return source_length

    def source_length(self, length):
        return length + length % 2
