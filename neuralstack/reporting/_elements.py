"""What lies in a memory at every step: the elements that were ever there, how much of each is left, and is read."""

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jaxtyping import Float

from neuralstack.machine import Step
from neuralstack.memories import (
    AbstractMemory,
    CompositeMemory,
    HardMixtureStacks,
    HardStack,
    NeuralDeque,
    NeuralQueue,
    NeuralStack,
    PointerStack,
    Quantized,
    SuperpositionStack,
)

SEEN = 1e-3  # elements that never have more strength are left out
DIGITS = 4


@dataclass(frozen=True)
class Contents:
    """One memory over time. Elements are in the order in which they lie, the lowest, or oldest, first."""

    kind: str
    """`stack`, `queue`, `deque`, or `cells`: those of a superposition stack, the top one first."""
    steps: list[int]
    """The step at which each element was pushed; where cells are shown, their number."""
    pushed: bool
    """Whether elements keep what was pushed at one step, so that its symbol names them."""
    actions: list[tuple[str, np.ndarray, np.ndarray]]
    """The name of each end, and its push and pop strengths."""
    strengths: Float[np.ndarray, "steps elements"]
    weights: Float[np.ndarray, "steps elements"]

    def state(self, time: int) -> Float[np.ndarray, "2 elements"]:
        """Return how much of each element there is after a step, and how much of it is read, rounded."""
        return np.stack([self.strengths[time], self.weights[time]]).round(DIGITS)


def contents_of(memory: AbstractMemory, shown: Step, steps: int) -> list[Contents]:
    """Return what lay in each memory of a machine during the first `steps` of a trace.

    Raises:
        ValueError: If a memory's elements cannot be shown.
    """
    if isinstance(memory, CompositeMemory):
        found, start = [], 0
        for part, action in zip(memory.parts, shown.action, strict=True):
            width = cells_of(part, len(shown.logits))
            strengths = shown.strengths[:, start : start + width]
            found += contents_of(part, shown._replace(action=action, strengths=strengths), steps)
            start += width
        return found
    memory = memory.memory if isinstance(memory, Quantized) else memory
    if isinstance(memory, SuperpositionStack):
        return cells(memory, shown, steps)
    if isinstance(memory, HardMixtureStacks):
        return hard_stacks(memory, shown, steps)
    kinds = {NeuralStack: stack, HardStack: hard_stack, NeuralQueue: queue, NeuralDeque: deque, PointerStack: pointer}
    if type(memory) not in kinds:
        raise ValueError(
            f"a trace shows what is left of each element, and {type(memory).__name__} has no elements: needed is a "
            "stack, queue, deque, hard, superposition or pointer stack, or several of them."
        )
    return [used_only(kinds[type(memory)](shown, steps))]


def cells_of(memory: AbstractMemory, steps: int) -> int:
    """Return how many strengths a memory shows of a sequence of `steps`."""
    return jax.eval_shape(lambda: memory.strengths(memory.init(steps))).shape[0]


def stack(shown: Step, steps: int) -> Contents:
    """Return a stack's elements: pushed, popped and read at the top."""
    strengths = np.asarray(shown.strengths[:steps, :steps])
    return Contents(
        "stack", [*range(steps)], True, one_end(shown, steps, "top"), strengths, window(strengths, top=True)
    )


def queue(shown: Step, steps: int) -> Contents:
    """Return a queue's elements: pushed at the back, popped and read at the front."""
    strengths = np.asarray(shown.strengths[:steps, :steps])
    return Contents(
        "queue", [*range(steps)], True, one_end(shown, steps, "front"), strengths, window(strengths, top=False)
    )


def hard_stack(shown: Step, steps: int) -> Contents:
    """Return a hard stack's elements."""
    return followed(np.asarray(shown.action.push[:steps]), np.asarray(shown.action.pop[:steps]))


def hard_stacks(memory: HardMixtureStacks, shown: Step, steps: int) -> list[Contents]:
    """Return the elements of each of several hard stacks."""
    operation = np.asarray(shown.action.operation[:steps]).reshape(steps, memory.stacks, 3)
    done = np.eye(3)[operation.argmax(-1)]
    return [
        used_only(followed(done[:, number, 0], done[:, number, 1], memory.depth_read))
        for number in range(memory.stacks)
    ]


def followed(push: Float[np.ndarray, " steps"], pop: Float[np.ndarray, " steps"], depth: int = 1) -> Contents:
    """Return a stack's elements with actions of 0 and 1, each followed from its push to its pop.

    The buffer of such a stack does not tell: its places are used again.

    Args:
        push: What is pushed at each step.
        pop: What is popped.
        depth: How many elements are read, from the top down.
    """
    strengths, held = np.zeros((len(push), len(push))), []
    for time in range(len(push)):
        if pop[time] > 0.5 and held:
            held.pop()
        if push[time] > 0.5:
            held.append(time)
        strengths[time, held] = 1
    weights = window(strengths, top=True, depth=depth)
    return Contents("stack", [*range(len(push))], True, [("top", push, pop)], strengths, weights)


def deque(shown: Step, steps: int) -> Contents:
    """Return a DeQue's elements: those pushed at the bottom, the latest first, then those pushed on the top."""
    room = shown.strengths.shape[1] // 2
    strengths = np.asarray(shown.strengths[:steps, room - steps : room + steps])
    pushed = [*reversed(range(steps)), *range(steps)]
    ends = [(name, end.push[:steps], end.pop[:steps]) for name, end in shown.action._asdict().items()]
    weights = window(strengths, top=True) + window(strengths, top=False)
    return Contents("deque", pushed, True, ends, strengths, weights)


def pointer(shown: Step, steps: int) -> Contents:
    """Return a soft-pointer stack's places: how likely each is below the pointer, and how likely it is the top."""
    strengths = np.asarray(shown.strengths[:steps])
    weights = strengths - np.concatenate([strengths[:, 1:], np.zeros((steps, 1))], axis=1)
    actions = [("top", *np.moveaxis(shown.action.operation[:steps, :2], -1, 0))]
    return Contents("stack", [*range(strengths.shape[1])], False, actions, strengths, weights)


def cells(memory: SuperpositionStack, shown: Step, steps: int) -> list[Contents]:
    """Return the cells of each superposition stack: how much there is in each; of the read ones all is read."""
    found = []
    for number, strengths in enumerate(np.split(np.asarray(shown.strengths[:steps]), memory.stacks, axis=1)):
        read = np.arange(strengths.shape[1]) < memory.depth_read
        operation = shown.action.operation[:steps, number]
        actions = [("top", operation[:, 0], operation[:, 1])]
        number_of = [*range(strengths.shape[1])]
        found.append(used_only(Contents("cells", number_of, False, actions, strengths, strengths * read)))
    return found


def one_end(shown: Step, steps: int, end: str) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Return the strengths of a memory that is popped at one end."""
    return [(end, np.asarray(shown.action.push[:steps]), np.asarray(shown.action.pop[:steps]))]


def window(
    strengths: Float[np.ndarray, "steps elements"], *, top: bool, depth: int = 1
) -> Float[np.ndarray, "steps elements"]:
    """Return how much of each element lies within so many units of the top, or of the other end."""
    seen = strengths[:, ::-1] if top else strengths
    room = np.clip(depth - (np.cumsum(seen, axis=1) - seen), 0, None)
    weights = np.minimum(seen, room)
    return weights[:, ::-1] if top else weights


def used_only(memory: Contents) -> Contents:
    """Leave out the elements of which there was never any."""
    used = np.flatnonzero(memory.strengths.max(axis=0, initial=0) > SEEN)
    kept: dict[str, Any] = {
        "steps": [memory.steps[one] for one in used],
        "strengths": memory.strengths[:, used],
        "weights": memory.weights[:, used],
    }
    return Contents(memory.kind, pushed=memory.pushed, actions=memory.actions, **kept)
