"""Contents of a machine's memory at every step: its elements, how much of each is left, and how much is read."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from neuralstack.memories import AbstractMemory, Observation, crop
from neuralstack.reporting._plain_run import Stretch

DIGITS = 4


class Contents(NamedTuple):
    """One data structure over the steps of a run."""

    kind: str
    elements: list[dict[str, Any]]
    """For each element, the `symbol` that names it, or an empty text, and the `step` at which it came to be there."""
    actions: list[tuple[str, Float[np.ndarray, " steps"], Float[np.ndarray, " steps"]]]
    strengths: Float[np.ndarray, "steps elements"]
    weights: Float[np.ndarray, "steps elements"]


def contents_of(memory: AbstractMemory, stretches: Sequence[Stretch], labels: Sequence[str]) -> list[Contents]:
    """Return the contents of each data structure of a memory during a run.

    Args:
        memory: The memory.
        stretches: The stretches of the run.
        labels: The symbol given at each step.

    Raises:
        ValueError: If the memory has nothing to show.
    """
    ends = [*(stretch.first for stretch in stretches[1:]), len(labels)]
    observed = [
        [crop(seen, end - stretch.first, len(stretch.before)) for seen in memory.observe(*stretch[2:])]
        for stretch, end in zip(stretches, ends, strict=True)
    ]
    if not observed[0]:
        raise ValueError(
            f"a trace shows what is left of each element of a memory, and {type(memory).__name__} has none: take a "
            "machine with another memory."
        )
    return [joined(stretches, parts, labels) for parts in zip(*observed, strict=True)]


def joined(stretches: Sequence[Stretch], parts: Sequence[Observation], labels: Sequence[str]) -> Contents:
    """Return what a data structure holds in all stretches of a run.

    Places are the same in all of them. An element that was pushed is another one after an edit of the memory.
    """
    elements: dict[Any, dict[str, Any]] = {}
    keys = []
    for number, (stretch, seen) in enumerate(zip(stretches, parts, strict=True)):
        its_keys = [(number, column) if seen.pushed else place for column, place in enumerate(seen.elements)]
        for key, element in zip(its_keys, seen.elements, strict=True):
            named = pushed_element(stretch, element, labels) if seen.pushed else {"symbol": "", "step": element}
            elements.setdefault(key, named)
        keys.append(its_keys)
    order = {key: column for column, key in enumerate(elements if parts[0].pushed else sorted(elements))}
    arrays = np.zeros((2, len(labels), len(order)))
    for stretch, seen, its_keys in zip(stretches, parts, keys, strict=True):
        rows, columns = slice(stretch.first, stretch.first + len(seen.strengths)), [order[key] for key in its_keys]
        arrays[:, rows, columns] = seen.strengths, seen.weights
    actions = [
        (ends[0][0], np.concatenate([push for _, push, _ in ends]), np.concatenate([pop for *_, pop in ends]))
        for ends in zip(*(seen.actions for seen in parts), strict=True)
    ]
    return Contents(parts[0].kind, [elements[key] for key in order], actions, *arrays)


def pushed_element(stretch: Stretch, action: int, labels: Sequence[str]) -> dict[str, Any]:
    """Return the symbol and the step of an element, given the action that pushed it."""
    if action < len(stretch.before):
        return {"symbol": stretch.before[action], "step": stretch.first}
    step = stretch.first + action - len(stretch.before)
    return {"symbol": labels[step], "step": step}


def state_at(contents: Contents, time: int) -> Float[np.ndarray, "2 elements"]:
    """Return the strength of each element after a step, and its weight in the read, rounded."""
    return np.stack([contents.strengths[time], contents.weights[time]]).round(DIGITS)
