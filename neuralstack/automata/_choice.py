"""Choices by what the memories show, of which the rules and the answers of a program consist."""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

Reads = tuple[int | None, ...]
"""The kind that each of some memories shows: of the top of a stack or the front of a queue; None if it is empty."""


class Choice(NamedTuple):
    """An outcome for each combination of what some of the memories show.

    Examples:
        >>> Choice((1,), {(None,): "empty", (0,): "a"}).of((3, 0))
        'a'
    """

    sees: tuple[int, ...]
    """The memories that matter."""
    cases: dict[Reads, Any]
    """The outcome for each combination of what they show. Missing where the task never leads to it."""

    def of(self, reads: Sequence[int | None]) -> Any:
        """Return the outcome for what all memories show, or None if there is none."""
        return self.cases.get(tuple(reads[memory] for memory in self.sees))


def always(outcome: Any) -> Choice:
    """Return the choice that does not depend on the memories.

    Examples:
        >>> always(5)
        Choice(sees=(), cases={(): 5})
    """
    return Choice((), {(): outcome})


def mapped(choice: Choice | None, outcome: Callable[[Any], Any]) -> Choice | None:
    """Return a choice with other outcomes."""
    return choice and Choice(choice.sees, {reads: outcome(done) for reads, done in choice.cases.items()})


def combinations(sees: Sequence[int], sizes: Sequence[int]) -> Iterator[Reads]:
    """Yield the combinations of what some memories can show, given the number of kinds in each memory."""
    return product(*([None, *range(sizes[memory])] for memory in sees))


def narrowed(choice: Choice, sizes: Sequence[int], *, fill: bool = False) -> Choice:
    """Return a choice that sees the memories only on which its outcome depends, with its cases in order.

    Args:
        choice: The choice.
        sizes: Number of kinds in each memory.
        fill: Whether a missing case may have any outcome. Otherwise it is different from all others.

    Examples:
        >>> narrowed(Choice((0,), {(None,): 7}), (1,))
        Choice(sees=(0,), cases={(None,): 7})
        >>> narrowed(Choice((0,), {(None,): 7}), (1,), fill=True)
        Choice(sees=(), cases={(): 7})
        >>> narrowed(Choice((0, 1), {(None, None): 7, (None, 0): 7, (0, None): 8, (0, 0): 8}), (1, 1))
        Choice(sees=(0,), cases={(None,): 7, (0,): 8})
    """
    sees, cases = choice
    for memory in choice.sees:
        place = sees.index(memory)
        rest = (*sees[:place], *sees[place + 1 :])
        found: dict[Reads, set[Any]] = {}
        for reads in combinations(sees, sizes):
            if reads in cases or not fill:
                found.setdefault((*reads[:place], *reads[place + 1 :]), set()).add(cases.get(reads))
        if all(len(outcomes) == 1 for outcomes in found.values()):
            sees, cases = rest, {reads: done for reads, (done,) in found.items() if done is not None}
    return Choice(sees, {reads: cases[reads] for reads in combinations(sees, sizes) if reads in cases})
