"""The layout of a source and its answer in the sequence of tokens that a program is given, in plain Python."""

from collections.abc import Sequence
from dataclasses import dataclass

FORMS = {"autoregressive": 3, "query": 1, "synchronous": 0}  # by name, the number of marks that a program is given
MOST_PERIOD = 4  # of a length of answers that grows in steps
LENGTHS_TRIED = 128


@dataclass(frozen=True)
class Layout:
    """The places of a source and its answer in a sequence. The first tokens are the symbols of both, marks follow.

    Examples:
        >>> Layout("autoregressive", symbols=2).prompt([0, 1])  # the start, the source, the separator
        [2, 0, 1, 3]
        >>> Layout("query", symbols=2, answer_lengths=(1,), growth=0).prompt([0, 1])  # the source, a blank
        [0, 1, 2]
        >>> Layout("synchronous", symbols=2).prompt([0, 1])
        [0, 1]
    """

    form: str
    """`autoregressive`: START, the source, SEPARATOR, then each token that was answered, until that is END.
    `query`: the source, then a BLANK for each symbol of the answer. `synchronous`: the source, each symbol of which is
    answered at once."""
    symbols: int
    """Number of symbols. START, SEPARATOR and END, or BLANK, are the tokens after them."""
    answer_lengths: tuple[int, ...] = (0,)
    """The length of the answer to a source of 0, 1, ... symbols. For a longer one, `growth` is added each time that as
    many symbols again are left."""
    growth: int = 1

    def answer_length(self, source_length: int) -> int:
        """Return the length of the answer to a source of this length.

        Examples:
            >>> halves = Layout("query", symbols=2, answer_lengths=(0, 1), growth=1)
            >>> [halves.answer_length(length) for length in range(1, 6)]
            [1, 1, 2, 2, 3]
        """
        rounds, rest = divmod(source_length, len(self.answer_lengths))
        return self.answer_lengths[rest] + self.growth * rounds

    @property
    def marks(self) -> range:
        """The tokens of the marks that a program is given or answers."""
        return range(self.symbols, self.symbols + FORMS[self.form])

    def prompt(self, source: Sequence[int]) -> list[int]:
        """Return the tokens that a program is given before, or while, it answers."""
        if self.form == "autoregressive":
            start, separator, _ = self.marks
            return [start, *source, separator]
        if self.form == "query":
            return [*source, *[self.symbols] * self.answer_length(len(source))]
        return [*source]

    @property
    def end(self) -> int | None:
        """The token that ends an answer, if the program ends it itself."""
        return self.symbols + 2 if self.form == "autoregressive" else None

    def first_answer(self, source_length: int) -> int:
        """Return the step after which the first symbol is answered."""
        return {"autoregressive": source_length + 1, "query": source_length, "synchronous": 0}[self.form]

    def longest_answer(self, source_length: int) -> int:
        """Return the length at which an answer that does not end is given up: as when a machine answers."""
        return 2 * self.answer_length(source_length) + 8


def fit_lengths(lengths: Sequence[int]) -> tuple[tuple[int, ...], int] | None:
    """Return the `answer_lengths` and the `growth` of a list of lengths, or None if they grow in another way.

    Args:
        lengths: The length of the answer to a source of 1, 2, ... symbols.

    Examples:
        >>> fit_lengths([3, 4, 5, 6, 7, 8]), fit_lengths([1, 1, 2, 2, 3, 3]), fit_lengths([1, 4, 9, 16, 25, 36])
        (((2,), 1), ((0, 1), 1), None)
    """
    for period in range(1, min(MOST_PERIOD, len(lengths) - 1) + 1):
        growth = lengths[period] - lengths[0]
        if all(later - earlier == growth for earlier, later in zip(lengths, lengths[period:], strict=False)):
            return (lengths[period - 1] - growth, *lengths[: period - 1]), growth
    return None
