"""Memories of two programs that run side by side, as one memory whose elements have a part of each.

An element is what both push in one step, or what one of them does. It has a label: one of finitely many, which says
what the two parts are, what both memories show while a stack's element is on top, and the states in which the programs
were once it was pushed. Which labels lie beneath which in a stack, or behind which in a queue, is all that is
remembered of what a memory holds.

If one of two stacks is popped and the other one is not, the rest of the element is one that only the other stack has.
When that stack is popped and has no part of the element on top, a part of one further down is taken out. So one stack
may go on with what the other one had a few steps before.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

Pair = tuple[Any, Any]
"""One thing of the first program, and one of the second."""
EMPTY = -1  # in place of the label on top of a stack or at the front of a queue
DEEPEST = 3  # elements of a stack that a step may look at
NOTHING: Pair = (None, None)


class NotAligned(Exception):
    """Raised if two programs use their memories so differently that this relation cannot describe them."""


class Label(NamedTuple):
    """A label of an element."""

    parts: Pair
    """The kinds of the values that it consists of, each None if the element has no such part."""
    shown: Pair
    """The kinds that the two stacks show while it is on top, each None if that is empty. For queues, the parts."""
    states: Pair
    """The states after it was pushed; for queues, two times None."""
    lag: int = 0
    """Number of elements from here downward that one of two stacks has no part of, `DEEPEST` if they are more."""


Element = tuple[Pair, Pair]
"""The parts of an element of a stack, and the states after it was pushed."""


class Group:
    """A memory of the first program, one of the second, or both, and the labels of their elements.

    Args:
        kind: `stack` or `queue`.
        memories: The number of the memory in each program, None if it has none here.
    """

    def __init__(self, kind: str, memories: Pair):
        self.kind, self.memories = kind, memories
        self.labels: list[Label] = []
        self.follows: list[set[int]] = []
        """For each label, those that may lie beneath it, `EMPTY` for the bottom; in a queue, those behind it."""
        self.backs: defaultdict[Pair, set[int]] = defaultdict(set)
        """For each pair of states, the labels that may be at the back of a queue."""
        self._numbers: dict[Label, int] = {}
        self._put: dict[tuple[int, Pair], int] = {}  # the number of labels at the back when this was last done

    @property
    def size(self) -> int:
        """Number of facts that are known."""
        return sum(map(len, self.follows)) + sum(map(len, self.backs.values()))

    def number(self, label: Label) -> int:
        """Return the number of a label, a new one if it is new."""
        if label not in self._numbers:
            self._numbers[label] = len(self.labels)
            self.labels.append(label)
            self.follows.append(set())
        return self._numbers[label]

    def known(self, label: Label) -> int | None:
        """Return the number of a label if it has one."""
        return self._numbers.get(label)

    def shown(self, top: int) -> Pair:
        """Return what the two memories show."""
        return NOTHING if top == EMPTY else self.labels[top].shown

    def is_whole(self, parts: Pair) -> bool:
        """Return whether an element of these parts has one for each of the memories."""
        return all(part is not None or memory is None for part, memory in zip(parts, self.memories, strict=True))

    def moved(self, top: int, pops: Pair, pushes: Pair, before: Pair, after: Pair) -> set[int]:
        """Return what may be on top after an action, and note what is beneath it or behind it then.

        Args:
            top: The label on top, or at the front.
            pops: Whether each of the memories is popped.
            pushes: The kind that is pushed to each of them, if any.
            before: The states before the action.
            after: The states after it.

        Raises:
            NotAligned: If one of two parts at the front of queues is popped, or what a stack pops lies too deep.
        """
        if self.kind == "stack":
            return self.stacked(top, pops, pushes, after)
        lefts = self.popped(top, pops, before)
        if pushes == NOTHING:
            if lefts != {EMPTY}:
                self.backs[after] |= self.backs[before]
            return lefts
        new = self.number(Label(pushes, pushes, NOTHING))
        self.backs[after].add(new)
        if lefts != {EMPTY}:
            self.put_behind(new, before)
        return {new if left == EMPTY else left for left in lefts}

    def stacked(self, top: int, pops: Pair, pushes: Pair, states: Pair) -> set[int]:
        """Return what may be on top of a stack after an action, and note what is beneath it then."""
        tops = set()
        for path in self.paths(top, pops):
            elements = self.elements(path, pops, pushes, states)
            for left in set(self.follows[path[-1]]) if path else {top}:
                place = left
                for element in elements:
                    beneath, place = place, self.number(self.label(element, place))
                    self.follows[place].add(beneath)
                tops.add(place)
        return tops

    def paths(self, top: int, pops: Pair) -> Iterator[tuple[int, ...]]:
        """Yield the labels on top of a stack down to that of the last part that is popped, none if nothing is.

        Raises:
            NotAligned: If a part that is popped lies too deep.
        """
        paths: list[tuple[int, ...]] = [()]
        for _ in range(DEEPEST + 1):
            longer = []
            for path in paths:
                parts = [self.labels[label].parts for label in path]
                shown = self.shown(top)
                if all(shown[of] is None or any(part[of] is not None for part in parts) for of in (0, 1) if pops[of]):
                    yield path
                else:
                    longer += [(*path, below) for below in (self.follows[path[-1]] if path else (top,))]
            paths = longer
        if paths:
            raise NotAligned("one program pops values that lie too deep where the other one does not")

    def elements(self, path: Sequence[int], pops: Pair, pushes: Pair, states: Pair) -> list[Element]:
        """Return the elements in place of those of a path after an action, from the lowest to the top."""
        labels = [self.labels[label] for label in path]
        if len(path) == 1 and (exchanged := self.exchanged(labels[0], pops, pushes)) is not None:
            return [(exchanged, labels[0].states)]
        parts = [list(label.parts) for label in labels]
        for of in (0, 1):
            first = next((part for part in parts if part[of] is not None), None)
            if pops[of] and first is not None:
                first[of] = None
        left = [((one, other), label.states) for (one, other), label in zip(parts, labels, strict=True)]
        return [element for element in (*reversed(left), (pushes, states)) if element[0] != NOTHING]

    def label(self, element: Element, below: int) -> Label:
        """Return the label of an element of a stack, given the label beneath it."""
        parts, states = element
        one, other = (old if part is None else part for part, old in zip(parts, self.shown(below), strict=True))
        lag = 0 if self.is_whole(parts) else min(DEEPEST, 1 + (0 if below == EMPTY else self.labels[below].lag))
        return Label(parts, (one, other), states, lag)

    def put_behind(self, new: int, states: Pair) -> None:
        """Note that an element may be behind any of those at the back of a queue.

        Raises:
            NotAligned: If one of these is in one of two queues only.
        """
        backs = self.backs[states]
        if self._put.get((new, states)) == len(backs):
            return
        self._put[new, states] = len(backs)
        if not all(self.is_whole(self.labels[back].parts) for back in backs):
            raise NotAligned("one of two queues goes on where the other one has stopped")
        for back in backs:
            self.follows[back].add(new)

    def exchanged(self, label: Label, pops: Pair, pushes: Pair) -> Pair | None:
        """Return the parts of an element of which a stack replaces one while the other one does nothing, if so."""
        if None not in label.parts:
            for which, other in ((0, 1), (1, 0)):
                if pops[which] and pushes[which] is not None and not pops[other] and pushes[other] is None:
                    return (pushes[0], label.parts[1]) if which == 0 else (label.parts[0], pushes[1])
        return None

    def popped(self, front: int, pops: Pair, states: Pair) -> set[int]:
        """Return what may be at the front after some of two queues were popped."""
        if front == EMPTY:
            return {front}
        parts = self.labels[front].parts
        gone = [pop and part is not None for pop, part in zip(pops, parts, strict=True)]
        if not any(gone):
            return {front}
        if any(go != (part is not None) for go, part in zip(gone, parts, strict=True)):
            raise NotAligned("one program pops a value of a queue where the other one does not")
        backs = self.backs[states]
        return {new for new in self.follows[front] if new in backs or self.follows[new]} | (
            {EMPTY} if front in backs else set()
        )
