"""Contents of the memories of two programs, as terms of Z3: lists of any length.

The elements that two memories have in common are a list of labels. What each of the two holds is a function of that
list, and so is whether the labels lie on each other as the relation says. These functions are defined by recursion over
the list; Z3 is given their definitions for the lists that a step is about, and decides the rest.
"""

from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

from neuralstack._extras import extra
from neuralstack.verification._groups import EMPTY, NOTHING, Element, Group, Label, NotAligned, Pair
from neuralstack.verification._terms import NONE, Piece, is_in, is_place, looked_up, number_of, pieces_of

with extra("proof"):
    import z3


def list_type() -> Any:
    """Return the type of lists of numbers."""
    made = z3.Datatype("List")
    made.declare("nil")
    made.declare("cons", ("head", z3.IntSort()), ("tail", made))
    return made.create()


List: Any = list_type()
append: Any = z3.Function("append", List, z3.IntSort(), List)


def top(held: Any) -> Any:
    """Return the first number of a list, `NONE` if it is empty."""
    return z3.If(List.is_nil(held), NONE, List.head(held))


def appended(held: Any, number: Any) -> Any:
    """Return the definition of a list with a number at its end."""
    longer = List.cons(List.head(held), append(List.tail(held), number))
    return append(held, number) == z3.If(List.is_nil(held), List.cons(number, List.nil), longer)


class MemoryTerms:
    """The functions of one group of memories, and the list of the labels that it holds before a step.

    Args:
        group: The group.
        name: A name for it.
    """

    def __init__(self, group: Group, name: str):
        self.group = group
        self.labels = z3.Const(f"{name} labels", List)
        self.held = [z3.Function(f"{name} of program {which}", List, List) for which in (0, 1)]
        self.is_valid = z3.Function(f"{name} is valid", List, z3.BoolSort())
        self.last = z3.Function(f"{name} last", List, z3.IntSort())
        self._follows: dict[frozenset[int], list[int]] = {}
        for label, after in enumerate(group.follows):
            self._follows.setdefault(frozenset(after), []).append(label)
        self._parts = [self._table([label.parts[which] for label in group.labels]) for which in (0, 1)]
        self._shown = [self._table([label.shown[which] for label in group.labels]) for which in (0, 1)]
        self._whole = [number for number, label in enumerate(group.labels) if group.is_whole(label.parts)]

    @staticmethod
    def _table(kinds: list[int | None]) -> list[Piece]:
        return pieces_of({label: number_of(kind) for label, kind in enumerate(kinds)})

    @cached_property
    def known(self) -> list[Any]:
        """Values of the functions for the list before a step, for its tail, and for an empty list."""
        return [fact for of in (self.labels, List.tail(self.labels), List.nil) for fact in self.definitions(of)]

    def part(self, label: Any, which: int) -> Any:
        """Return the kind of the part that an element has in one of the memories."""
        return looked_up(label, self._parts[which])

    def shown(self, label: Any, which: int) -> Any:
        """Return the kind that a memory shows while an element is on top."""
        return looked_up(label, self._shown[which])

    def follow(self, label: Any, other: Any) -> Any:
        """Return whether one label may lie beneath another one, or behind it in a queue."""
        return z3.Or([z3.And(is_in(label, some), is_in(other, after)) for after, some in self._follows.items()])

    def joins(self, label: Any, other: Any) -> Any:
        """Return whether an element may be put behind another one into a queue."""
        return z3.And(is_in(label, self._whole), self.follow(label, other))

    def definitions(self, labels: Any) -> list[Any]:
        """Return what the functions are for a list, in terms of what they are for its tail."""
        first, rest = List.head(labels), List.tail(labels)
        is_empty = List.is_nil(labels)
        facts = [
            held(labels)
            == z3.If(
                is_empty,
                List.nil,
                z3.If(part == NONE, held(rest), List.cons(part, held(rest))),
            )
            for held, part in ((held, self.part(first, which)) for which, held in enumerate(self.held))
        ]
        valid = [self.is_valid(rest), is_in(first, range(len(self.group.labels)))]
        if self.group.kind == "stack":
            valid.append(self.follow(first, top(rest)))
            valid += [top(held(labels)) == self.shown(first, which) for which, held in enumerate(self.held)]
        else:
            valid.append(z3.Or(List.is_nil(rest), self.joins(first, top(rest))))
            facts.append(self.last(labels) == z3.If(List.is_nil(rest), first, self.last(rest)))
        return [*facts, self.is_valid(labels) == z3.Or(is_empty, z3.And(valid))]

    def lengthened(self, labels: Any, label: Any) -> list[Any]:
        """Return what the functions are for a list with a label at its end: lemmas, which `lemmas` proves."""
        longer = append(labels, label)
        fits = z3.Or(List.is_nil(labels), self.joins(self.last(labels), label))
        is_label = is_in(label, range(len(self.group.labels)))
        parts = [self.part(label, which) for which in (0, 1)]
        return [
            *(
                held(longer) == z3.If(part == NONE, held(labels), append(held(labels), part))
                for held, part in zip(self.held, parts, strict=True)
            ),
            z3.Implies(z3.And(self.is_valid(labels), fits, is_label), self.is_valid(longer)),
            self.last(longer) == label,
        ]

    def lemmas(self) -> list[tuple[str, list[Any], Any]]:
        """Return the lemmas about lists with a label at their end: of each a name, assumptions, and the conclusion.

        They are proved by induction over the list: for an empty one, and for one whose tail has what is claimed.
        """
        labels, label = z3.Const("labels", List), z3.Int("label")
        rest, longer = List.tail(labels), append(labels, label)
        known = [appended(labels, label), appended(rest, label), *self.definitions(labels), *self.definitions(rest)]
        known += [*self.definitions(longer), *self.definitions(List.cons(label, List.nil)), *self.definitions(List.nil)]
        known += [
            appended(held(of), self.part(label, which)) for which, held in enumerate(self.held) for of in (labels, rest)
        ]
        claim = z3.And(self.lengthened(labels, label))
        return [
            ("an empty queue", [*known, List.is_nil(labels)], claim),
            ("a longer queue", [*known, List.is_cons(labels), *self.lengthened(rest, label)], claim),
        ]

    def after(self, pops: Pair, pushes: Pair, states: Pair) -> tuple[Any, list[Any]]:
        """Return the list of labels after a step, and what the functions are for it."""
        if self.group.kind == "stack":
            return self.stacked(pops, pushes, states)
        labels = self.labels
        gone = [self.part(List.head(labels), which) != NONE for which, pop in enumerate(pops) if pop]
        left = z3.If(z3.And(List.is_cons(labels), z3.Or(gone)), List.tail(labels), labels)
        if pushes == NOTHING:
            return left, []
        label = z3.IntVal(number_of(self.group.known(Label(pushes, pushes, NOTHING))))
        return append(left, label), [appended(left, label), *self.lengthened(left, label)]

    def stacked(self, pops: Pair, pushes: Pair, states: Pair) -> tuple[Any, list[Any]]:
        """Return the list of the labels of a stack after a step, and what the functions are for it."""
        group = self.group
        cases: dict[tuple[int, tuple[Element, ...]], set[tuple[int, ...]]] = {}
        for first in range(EMPTY, len(group.labels)):
            with suppress(NotAligned):  # of labels that are not on top where this is done
                for path in group.paths(first, pops):
                    case = len(path), tuple(group.elements(path, pops, pushes, states))
                    cases.setdefault(case, set()).add(path or (first,))
        rests = [self.labels]
        while len(rests) <= max((depth for depth, _ in cases), default=0):
            rests.append(List.tail(rests[-1]))
        facts = [fact for rest in rests[2:] for fact in self.definitions(rest)]
        after = List.cons(z3.IntVal(NONE), List.nil)  # of no label, so it is not valid
        for (depth, elements), tops in cases.items():
            made, known = self.put(elements, rests[depth])
            after = z3.If(is_place([top(rest) for rest in rests[: depth or 1]], tops), made, after)
            facts += known
        return after, facts

    def put(self, elements: Sequence[Element], labels: Any) -> tuple[Any, list[Any]]:
        """Return the list of the labels of a stack to which elements are added, and what the functions are for it."""
        group, facts, below = self.group, [], top(labels)
        tops = {label: label for label in range(EMPTY, len(group.labels))}
        for element in elements:
            known = {of: group.known(group.label(element, now)) for of, now in tops.items()}
            tops = {of: number for of, number in known.items() if number is not None}
            labels = List.cons(looked_up(below, pieces_of(tops)), labels)
            facts += self.definitions(labels)
        return labels, facts
