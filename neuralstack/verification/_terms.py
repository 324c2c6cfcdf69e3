"""Finite tables and sets as terms of Z3, in as few pieces as they have."""

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from neuralstack._extras import extra

with extra("proof"):
    import z3

if TYPE_CHECKING:
    from neuralstack.automata import Choice

NONE = -1
"""No value, no answer, or nothing on top."""


def number_of(kind: int | None) -> int:
    """Return the number that stands for a kind of value, or for none."""
    return NONE if kind is None else kind


def is_in(term: Any, numbers: Collection[int]) -> Any:
    """Return the formula that a number is one of some."""
    ordered = sorted(numbers)
    if not ordered:
        return z3.BoolVal(False)
    starts = [ordered[0], *(new for old, new in pairwise(ordered) if new != old + 1)]
    ends = [*(old for old, new in pairwise(ordered) if new != old + 1), ordered[-1]]
    return z3.Or([z3.And(first <= term, term <= last) for first, last in zip(starts, ends, strict=True)])


Piece = tuple[int, int, int, int]
"""Numbers of a table whose entries are the same or count up: the first, the last, its entry, and by what they grow."""


def pieces_of(table: Mapping[int, int]) -> list[Piece]:
    """Return a table in few pieces.

    Examples:
        >>> pieces_of({0: 5, 1: 6, 2: 7, 4: 9})
        [(0, 2, 5, 1), (4, 4, 9, 0)]
    """
    pieces: list[Piece] = []
    for place in sorted(table):
        value = table[place]
        if pieces and place == pieces[-1][1] + 1:
            first, last, start, growth = pieces[-1]
            step = value - start - growth * (last - first)
            if step == growth or (first == last and step == 1):
                pieces[-1] = first, place, start, step
                continue
        pieces.append((place, place, value, 0))
    return pieces


def looked_up(term: Any, pieces: Sequence[Piece]) -> Any:
    """Return the entry of a table for a number, `NONE` if it has none.

    Examples:
        >>> looked_up(z3.Int("x"), [(0, 2, 5, 1), (4, 4, 9, 0)])
        If(And(x >= 0, x <= 2), x + 5, If(And(x >= 4, x <= 4), 9, -1))
    """
    result = z3.IntVal(NONE)
    for first, last, start, growth in reversed(pieces):
        value = term + (start - first) if growth == 1 else z3.IntVal(start)
        result = z3.If(z3.And(term >= first, term <= last), value, result)
    return result


def chosen(choice: "Choice | None", shown: list[Any], of: Mapping[Any, int]) -> Any:
    """Return the number of the outcome of a choice, given terms for what all memories show; `NONE` if there is none."""
    if choice is None:
        return z3.IntVal(NONE)
    cases = {tuple(map(number_of, reads)): of[outcome] for reads, outcome in choice.cases.items()}
    return by_reads(cases, [shown[memory] for memory in choice.sees])


def by_reads(cases: Mapping[tuple[int, ...], int], shown: list[Any]) -> Any:
    """Return the outcome for what some memories show."""
    if not shown:
        return z3.IntVal(cases.get((), NONE))
    if len(shown) == 1:
        return looked_up(shown[0], pieces_of({read: outcome for (read,), outcome in cases.items()}))
    rest: dict[int, dict[tuple[int, ...], int]] = {}
    for (first, *others), outcome in cases.items():
        rest.setdefault(first, {})[tuple(others)] = outcome
    result = z3.IntVal(NONE)
    for first, of_others in rest.items():
        result = z3.If(shown[0] == first, by_reads(of_others, shown[1:]), result)
    return result


def is_place(terms: list[Any], places: Collection[tuple[int, ...]]) -> Any:
    """Return the formula that some numbers are one of some combinations."""
    if not terms:
        return z3.BoolVal(bool(places))
    rest: dict[int, set[tuple[int, ...]]] = {}
    for first, *others in places:
        rest.setdefault(first, set()).add(tuple(others))
    firsts: dict[frozenset[tuple[int, ...]], list[int]] = {}
    for first, others in rest.items():
        firsts.setdefault(frozenset(others), []).append(first)
    return z3.Or([z3.And(is_in(terms[0], some), is_place(terms[1:], of)) for of, some in firsts.items()])
