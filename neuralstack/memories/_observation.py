"""Contents of a memory over a sequence: its elements, their strengths and their read weights.

These are NumPy arrays, computed on the host after a sequence, from which traces and figures are drawn.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

SEEN = 1e-3  # elements whose strength never exceeds this are left out


@dataclass(frozen=True)
class Observation:
    """One data structure over time. Elements are ordered by position, the lowest or oldest first."""

    kind: str
    """`stack`, `queue` or `deque`; `cells` for numbered cells, the first one on top."""
    elements: list[int]
    """The step at which each element was pushed, or its number if the elements are fixed places."""
    pushed: bool
    """Whether each element holds the value pushed at one step, so that this step's symbol can label it."""
    actions: list[tuple[str, Float[np.ndarray, " steps"], Float[np.ndarray, " steps"]]]
    """The name of each end, and its push and pop strengths."""
    strengths: Float[np.ndarray, "steps elements"]
    """Strength of each element after each step; not negative."""
    weights: Float[np.ndarray, "steps elements"]
    """Read weight of each element at each step; not negative."""


def window(
    strengths: Float[np.ndarray, "steps elements"], *, top: bool, depth: int = 1
) -> Float[np.ndarray, "steps elements"]:
    """Return the strength of each element that lies within `depth` units of the top, or of the other end.

    Examples:
        >>> import numpy as np
        >>> window(np.array([[0.7, 0.5]]), top=True).tolist()
        [[0.5, 0.5]]
    """
    seen = strengths[:, ::-1] if top else strengths
    room = np.clip(depth - (np.cumsum(seen, axis=1) - seen), 0, None)
    weights = np.minimum(seen, room)
    return weights[:, ::-1] if top else weights


def follow_stack(
    push: Float[np.ndarray, " steps"], pop: Float[np.ndarray, " steps"]
) -> Float[np.ndarray, "steps steps"]:
    """Return the strength, over time, of the element pushed at each step, in a stack with actions of 0 and 1.

    Each element is followed from its push to its pop, since the buffer of such a stack reuses its places.
    """
    strengths, held = np.zeros((len(push), len(push))), []
    for time in range(len(push)):
        if pop[time] > 0.5 and held:
            held.pop()
        if push[time] > 0.5:
            held.append(time)
        strengths[time, held] = 1
    return strengths


def observe_hard_stack(
    push: Float[np.ndarray, " steps"], pop: Float[np.ndarray, " steps"], depth: int = 1
) -> Observation:
    """Return the contents of a stack with actions of 0 and 1, whose top `depth` elements are read."""
    push, pop = np.asarray(push), np.asarray(pop)
    strengths = follow_stack(push, pop)
    weights = window(strengths, top=True, depth=depth)
    return Observation("stack", [*range(len(push))], True, [("top", push, pop)], strengths, weights)


def observe_cells(strengths: Float[np.ndarray, "steps cells"]) -> Observation:
    """Return the contents of a memory as numbered cells, for memories without a known structure."""
    return Observation("cells", [*range(strengths.shape[1])], False, [], strengths, np.zeros_like(strengths))


def crop(observation: Observation, steps: int, first: int = 0) -> Observation:
    """Return so many steps only, from a first one on, without the elements that have no strength in any of them."""
    kept = slice(first, first + steps)
    strengths = observation.strengths[kept]
    used = np.flatnonzero(strengths.max(axis=0, initial=0) > SEEN)
    return replace(
        observation,
        elements=[observation.elements[number] for number in used],
        actions=[(end, push[kept], pop[kept]) for end, push, pop in observation.actions],
        strengths=strengths[:, used],
        weights=observation.weights[kept, used],
    )
