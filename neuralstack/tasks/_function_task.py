"""A task defined by a plain Python function."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neuralstack.tasks._alphabet import draw_symbols
from neuralstack.tasks._base import AbstractTask
from neuralstack.tasks._formats import Autoregressive, Pair, QueryTokens

FORMATS = {"autoregressive": Autoregressive, "query": QueryTokens}
PROBES = 8  # sources of each length that are answered to find the lengths of answers


@dataclass(frozen=True, init=False)
class FunctionTask(AbstractTask):
    """A task whose answers are given by a plain Python function from a list of symbols to a list of symbols.

    Sources are drawn uniformly over the alphabet, on the device; the function answers them on the host, a batch at a
    time. It must be deterministic, and accept every source. The length of its answers is found by trying it.

    Args:
        function: The function.
        alphabet: The symbols: the characters of a string, or a list of words.
        train_lengths: The shortest and the longest source to train and validate on.
        test_lengths: The shortest and the longest source to test on.
        format: `autoregressive`, where the machine ends its answer itself (`START source SEPARATOR answer END`); or
            `query`, the source and then a blank for each symbol of an answer whose length is determined by the
            source's.
        longest_answer: Length of the longest answer to the longest source, if sources of one length have answers of
            different lengths. Defaults to twice that of any that was tried.
        max_length: The longest source. Defaults to the longest of `test_lengths`.

    Raises:
        ValueError: If an argument is invalid, or the function raises or gives an answer that is empty or not in the
            alphabet.

    Examples:
        >>> task = FunctionTask(lambda source: source[-1:], "abcd", train_lengths=(1, 10), test_lengths=(11, 40))
        >>> task.decode(task.answer(task.encode("abca")))
        'a'
        >>> int(jax.jit(task.sample)(jax.random.key(0), 5).mask.sum())  # one symbol, and END
        2
    """

    function: Callable[[list[Any]], Sequence[Any]]
    alphabet: tuple[str, ...]
    train_lengths: tuple[int, int]  # pyright: ignore[reportIncompatibleVariableOverride]
    test_lengths: tuple[int, int]  # pyright: ignore[reportIncompatibleVariableOverride]
    format_name: str
    longest_answer: int | None

    def __init__(
        self,
        function: Callable[[list[Any]], Sequence[Any]],
        alphabet: str | Sequence[str] = "abcd",
        train_lengths: tuple[int, int] = (1, 20),
        test_lengths: tuple[int, int] = (21, 40),
        format: str = "autoregressive",
        longest_answer: int | None = None,
        max_length: int | None = None,
        **renamed: Any,
    ):
        format = renamed.pop("format_name", format)  # the name of the field, which `dataclasses.replace` uses
        if renamed:
            raise TypeError(f"FunctionTask has no argument {next(iter(renamed))!r}.")
        if format not in FORMATS:
            raise ValueError(f"format must be one of {', '.join(FORMATS)}, got {format!r}.")
        for name, lengths in (("train_lengths", train_lengths), ("test_lengths", test_lengths)):
            if not 1 <= lengths[0] <= lengths[1]:
                raise ValueError(f"{name} must be two numbers in order, at least 1, got {tuple(lengths)}.")
        values = {
            "function": function,
            "alphabet": tuple(alphabet),
            "train_lengths": (int(train_lengths[0]), int(train_lengths[1])),
            "test_lengths": (int(test_lengths[0]), int(test_lengths[1])),
            "format_name": format,
            "longest_answer": longest_answer,
            "max_length": test_lengths[1] if max_length is None else max_length,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        self.__post_init__()
        varies = self.lengths_tried.varies
        if format == "query" and varies:
            raise ValueError(
                "the format query needs answers whose length is determined by the source's, but the function gives "
                "answers of different lengths to sources of one length: use the format autoregressive."
            )

    @property
    def vocabulary(self):
        return self.alphabet

    @property
    def format(self):
        return FORMATS[self.format_name](self.symbols)

    @property
    def lengths_tried(self) -> "AnswerLengths":
        """The rule for the length of answers."""
        return try_lengths(self.function, self.alphabet, self.train_lengths)

    def draw(self, key, length):
        source = draw_symbols(key, self.max_length, self.symbols)
        room = jax.ShapeDtypeStruct((self.answer_length(self.max_length),), jnp.int32)
        count = jax.ShapeDtypeStruct((), jnp.int32)
        # The function is pure, so its answers depend only on the key, and a resumed run sees the same ones.
        target, target_length = jax.pure_callback(
            self._answer_batch, (room, count), source, length, vmap_method="broadcast_all"
        )
        return Pair(source, length, target, target_length)

    def answer(self, source):
        return answer_symbols(self.function, self.alphabet, source)

    def answer_length(self, source_length):
        """Return the length of the answer, or an upper bound; the source's length may be traced."""
        if self.longest_answer is not None and self.lengths_tried.varies:
            return self.longest_answer
        return self.lengths_tried.slope * source_length + self.lengths_tried.intercept

    def _answer_batch(self, sources, lengths):
        sources, lengths = np.asarray(sources), np.asarray(lengths)
        room = self.answer_length(self.max_length)
        targets, counts = np.zeros((*lengths.shape, room), np.int32), np.zeros(lengths.shape, np.int32)
        for index in np.ndindex(lengths.shape):
            answer = self.answer(sources[index][: lengths[index]].tolist())
            if len(answer) > room:
                raise ValueError(
                    f"the function answered {lengths[index]} symbols with {len(answer)}, but the task has room for "
                    f"{room}: give longest_answer."
                )
            targets[index][: len(answer)], counts[index] = answer, len(answer)
        return targets, counts


@dataclass(frozen=True)
class AnswerLengths:
    """A rule for the length of answers: `slope * source + intercept`, an upper bound if the length `varies`."""

    slope: int
    intercept: int
    varies: bool


@cache
def try_lengths(
    function: Callable[[list[Any]], Sequence[Any]], alphabet: tuple[str, ...], lengths: tuple[int, int]
) -> AnswerLengths:
    """Answer some sources of different lengths, and return a rule for the length of all answers.

    Raises:
        ValueError: If the function raises, or an answer is empty or not in the alphabet.
    """
    rng, low, high = np.random.default_rng(0), *lengths
    tried = sorted({low, min(low + 1, high), (low + high) // 2, high})
    counts_of = {
        length: {
            len(answer_symbols(function, alphabet, rng.integers(0, len(alphabet), length).tolist()))
            for _ in range(PROBES)
        }
        for length in tried
    }
    if all(len(counts) == 1 for counts in counts_of.values()):
        for slope in (0, 1, 2, 3):
            intercepts = {max(counts) - slope * length for length, counts in counts_of.items()}
            if len(intercepts) == 1:
                return AnswerLengths(slope, intercepts.pop(), varies=False)
    slope = max(-(-max(counts) // length) for length, counts in counts_of.items())
    return AnswerLengths(2 * slope, 0, varies=True)


def answer_symbols(
    function: Callable[[list[Any]], Sequence[Any]], alphabet: tuple[str, ...], source: list[int]
) -> list[int]:
    """Return a function's answer as symbol numbers.

    Raises:
        ValueError: If the function raises, or its answer is empty or not in the alphabet.
    """
    symbols = [alphabet[token] for token in source]
    try:
        answer = list(function(symbols))
    except Exception as error:
        raise ValueError(
            f"the function of the task failed on {symbols} ({type(error).__name__}: {error}): it must answer every "
            "list of symbols of the alphabet."
        ) from error
    unknown = [symbol for symbol in answer if symbol not in alphabet]
    if unknown or not answer:
        got = f"{unknown[0]!r}, which is not one of its symbols" if unknown else "nothing"
        raise ValueError(
            f"the function of the task answered {symbols} with {got}: it must return a list of at least one of "
            f"{', '.join(alphabet[:12])}."
        )
    return [alphabet.index(symbol) for symbol in answer]
