"""Formats: the inputs, targets and mask of a source and its answer in one sequence."""

import abc
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int


class Example(NamedTuple):
    """One sequence as a machine sees it: the input and target token of each step, and whether it is scored."""

    inputs: Int[Array, " steps"]
    targets: Int[Array, " steps"]
    mask: Bool[Array, " steps"]


class Pair(NamedTuple):
    """A source and its answer, in arrays that may be longer."""

    source: Int[Array, " source"]
    source_length: Int[Array, ""] | int
    target: Int[Array, " target"]
    target_length: Int[Array, ""] | int


@dataclass(frozen=True)
class AbstractFormat(abc.ABC):
    """A way to lay out pairs over `symbols` symbols. Marks are tokens that are not symbols, numbered after them."""

    symbols: int

    @property
    @abc.abstractmethod
    def marks(self) -> tuple[str, ...]:
        """Text of each mark, in the order of their tokens."""

    @property
    @abc.abstractmethod
    def end(self) -> Any:
        """The mark that ends an answer, if the machine ends it itself."""

    @abc.abstractmethod
    def steps(self, source_length: Any, target_length: Any) -> Any:
        """Return the number of steps that a pair takes; the lengths may be traced."""

    @abc.abstractmethod
    def first_answer(self, source_length: Any) -> Any:
        """Return the step whose output is the first symbol of the answer."""

    @abc.abstractmethod
    def format_pair(self, pair: Pair, scored: Bool[Array, " target"]) -> Example:
        """Lay out a pair, scoring only the `scored` symbols of its answer; its lengths may be traced."""

    @abc.abstractmethod
    def prompt(self, source: list[int], target_length: int) -> list[int]:
        """Return a machine's inputs before it answers or, if its answers are not fed back, at every step."""


@dataclass(frozen=True)
class Autoregressive(AbstractFormat):
    """`START source SEPARATOR target END` in one sequence, scored on the target and END.

    At each step of the answer, the input is the correct token of the step before, or the machine's own if it runs
    freely (Grefenstette et al., 2015). Steps beyond the pair have the input END and are not scored.

    Examples:
        `01` answered by `10`, with START 2, SEPARATOR 3, END 4:

        >>> import jax.numpy as jnp
        >>> pair = Pair(jnp.array([0, 1]), 2, jnp.array([1, 0]), 2)
        >>> example = Autoregressive(symbols=2).format_pair(pair, jnp.array([True, True]))
        >>> example.inputs.tolist(), example.targets.tolist()
        ([2, 0, 1, 3, 1, 0], [0, 1, 3, 1, 0, 4])
        >>> example.mask.tolist()
        [False, False, False, True, True, True]
    """

    @property
    def marks(self):
        return "<start>", "<separator>", "<end>"

    @property
    def end(self):
        return self.symbols + 2

    def steps(self, source_length, target_length):
        return source_length + target_length + 2

    def first_answer(self, source_length):
        return source_length + 1

    def format_pair(self, pair, scored):
        steps = self.steps(len(pair.source), len(pair.target))
        time = jnp.arange(steps + 1)
        first, last = pair.source_length + 2, self.steps(pair.source_length, pair.target_length)
        tokens = jnp.select(
            [time == 0, time < first - 1, time == first - 1, time < last],
            [self.symbols, at(pair.source, time - 1), self.symbols + 1, at(pair.target, time - first)],
            self.end,
        ).astype(jnp.int32)
        counts = (time == last) | ((time >= first) & (time < last) & at(scored, time - first))
        return Example(tokens[:-1], tokens[1:], counts[1:])

    def prompt(self, source, target_length):
        return [self.symbols, *source, self.symbols + 1]


@dataclass(frozen=True)
class QueryTokens(AbstractFormat):
    """The source, then a BLANK for each symbol of the answer, which is output there (Delétang et al., 2023).

    Answers are not fed back to the machine, so that teacher forcing and free running are the same. Steps beyond the
    pair have the input BLANK and are not scored.

    Examples:
        `01` answered by `10`, with BLANK 2:

        >>> import jax.numpy as jnp
        >>> pair = Pair(jnp.array([0, 1]), 2, jnp.array([1, 0]), 2)
        >>> example = QueryTokens(symbols=2).format_pair(pair, jnp.array([True, True]))
        >>> example.inputs.tolist(), example.targets.tolist()
        ([0, 1, 2, 2], [2, 2, 1, 0])
        >>> example.mask.tolist()
        [False, False, True, True]
    """

    @property
    def marks(self):
        return ("<blank>",)

    @property
    def end(self):
        return None

    def steps(self, source_length, target_length):
        return source_length + target_length

    def first_answer(self, source_length):
        return source_length

    def format_pair(self, pair, scored):
        time = jnp.arange(self.steps(len(pair.source), len(pair.target)))
        index = time - pair.source_length
        inside = (index >= 0) & (index < pair.target_length)
        inputs = jnp.where(index < 0, at(pair.source, time), self.symbols)
        targets = jnp.where(inside, at(pair.target, index), self.symbols)
        return Example(inputs.astype(jnp.int32), targets.astype(jnp.int32), inside & at(scored, index))

    def prompt(self, source, target_length):
        return [*source, *[self.symbols] * target_length]


@dataclass(frozen=True)
class Synchronous(AbstractFormat):
    """An answer as long as the source, with one symbol of it at each step of the source.

    Steps beyond the pair have the input BLANK and are not scored.

    Examples:
        `010` answered by `110`, whose first symbol is not scored, with BLANK 2:

        >>> import jax.numpy as jnp
        >>> pair = Pair(jnp.array([0, 1, 0]), 3, jnp.array([1, 1, 0]), 3)
        >>> example = Synchronous(symbols=2).format_pair(pair, jnp.array([False, True, True]))
        >>> example.inputs.tolist(), example.targets.tolist(), example.mask.tolist()
        ([0, 1, 0], [1, 1, 0], [False, True, True])
    """

    @property
    def marks(self):
        return ("<blank>",)

    @property
    def end(self):
        return None

    def steps(self, source_length, target_length):
        return source_length

    def first_answer(self, source_length):
        return 0

    def format_pair(self, pair, scored):
        inside = jnp.arange(len(pair.source)) < pair.source_length
        inputs, targets = (
            jnp.where(inside, tokens, self.symbols).astype(jnp.int32) for tokens in (pair.source, pair.target)
        )
        return Example(inputs, targets, inside & scored)

    def prompt(self, source, target_length):
        return list(source)


def push_then_pop(first_answer: Array | int, length: Array | int, steps: int) -> Float[Array, "{steps} 2"]:
    """Return the strengths that reverse a source of `length` on a stack, and copy it on a queue.

    Every symbol is pushed before the first answer is due. That one is read without a pop; each later step pops one.
    """
    time = jnp.arange(steps)
    push = (time >= first_answer - length) & (time < first_answer)
    pop = (time > first_answer) & (time <= first_answer + length)
    return jnp.stack([push, pop], axis=-1).astype(float)


def at(array: Array, index: Int[Array, " places"]) -> Array:
    """Return the values of an array at some indices, which are clipped to its bounds."""
    return array[jnp.clip(index, 0, len(array) - 1)]
