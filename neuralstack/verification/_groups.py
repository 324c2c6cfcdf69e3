"""Memories of two programs that run side by side, as one memory whose elements have a part of each.

An element is what both push in one step, or what one of them does. It has a label: one of finitely many, which says
what the two parts are, what both memories show while a stack's element is on top, and the states in which the programs
were once it was pushed. Which labels lie beneath which in a stack, or behind which in a queue, is all that is
remembered of what a memory holds.
"""

from collections import defaultdict
from typing import Any, NamedTuple

Pair = tuple[Any, Any]
"""One thing of the first program, and one of the second."""
EMPTY = -1  # in place of the label on top of a stack or at the front of a queue
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

    def is_whole(self, label: int) -> bool:
        """Return whether an element with this label has a part for each of the memories."""
        parts = zip(self.labels[label].parts, self.memories, strict=True)
        return all(part is not None or memory is None for part, memory in parts)

    def moved(self, top: int, pops: Pair, pushes: Pair, before: Pair, after: Pair) -> set[int]:
        """Return what may be on top after an action, and note what is beneath it or behind it then.

        Args:
            top: The label on top, or at the front.
            pops: Whether each of the memories is popped.
            pushes: The kind that is pushed to each of them, if any.
            before: The states before the action.
            after: The states after it.

        Raises:
            NotAligned: If only one of two parts is popped and not replaced, or what is popped lies deeper.
        """
        if top != EMPTY and (exchanged := self.exchanged(self.labels[top], pops, pushes)) is not None:
            new = self.number(exchanged)
            self.follows[new] |= self.follows[top]
            return {new}
        lefts = self.popped(top, pops, before)
        if pushes == NOTHING:
            if lefts != {EMPTY}:
                self.backs[after] |= self.backs[before]
            return lefts
        if self.kind == "stack":
            news = {left: self.number(self.pushed(left, pushes, after)) for left in lefts}
            for left, new in news.items():
                self.follows[new].add(left)
            return set(news.values())
        new = self.number(self.pushed(EMPTY, pushes, after))
        self.backs[after].add(new)
        if lefts != {EMPTY}:
            self.put_behind(new, before)
        return {new if left == EMPTY else left for left in lefts}

    def put_behind(self, new: int, states: Pair) -> None:
        """Note that an element may be behind any of those at the back of a queue.

        Raises:
            NotAligned: If one of these is in one of two queues only.
        """
        backs = self.backs[states]
        if self._put.get((new, states)) == len(backs):
            return
        self._put[new, states] = len(backs)
        if not all(map(self.is_whole, backs)):
            raise NotAligned("one of two queues goes on where the other one has stopped")
        for back in backs:
            self.follows[back].add(new)

    def exchanged(self, label: Label, pops: Pair, pushes: Pair) -> Label | None:
        """Return the label of an element of which a stack replaces its part while the other one does nothing, if so."""
        if self.kind == "queue" or None in label.parts:
            return None
        for which, other in ((0, 1), (1, 0)):
            if pops[which] and pushes[which] is not None and not pops[other] and pushes[other] is None:
                parts = (pushes[0], label.parts[1]) if which == 0 else (label.parts[0], pushes[1])
                return Label(parts, parts, label.states)
        return None

    def pushed(self, left: int, pushes: Pair, states: Pair) -> Label:
        """Return the label of a new element, given what is on top before."""
        if self.kind == "queue":
            return Label(pushes, pushes, NOTHING)
        below = self.shown(left)
        shown = tuple(old if new is None else new for new, old in zip(pushes, below, strict=True))
        return Label(pushes, (shown[0], shown[1]), states)

    def popped(self, top: int, pops: Pair, states: Pair) -> set[int]:
        """Return what may be on top after some of the memories were popped."""
        if top == EMPTY:
            return {top}
        label = self.labels[top]
        gone = [pop and shown is not None for pop, shown in zip(pops, label.shown, strict=True)]
        if not any(gone):
            return {top}
        if any(go != (part is not None) for go, part in zip(gone, label.parts, strict=True)):
            raise NotAligned("one program pops a value where the other one does not")
        if self.kind == "stack":
            return set(self.follows[top])
        backs = self.backs[states]
        return {new for new in self.follows[top] if new in backs or self.follows[new]} | (
            {EMPTY} if top in backs else set()
        )
