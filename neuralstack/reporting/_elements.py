"""Contents of a machine's memory at every step: its elements, how much of each is left, and how much is read."""

from collections.abc import Sequence

import jax
import numpy as np
from jaxtyping import Float

from neuralstack.machine import Step
from neuralstack.memories import AbstractMemory, Observation, crop

DIGITS = 4


def contents_of(memory: AbstractMemory, shown: Step, steps: int) -> Sequence[Observation]:
    """Return the contents of each data structure of a memory during the first `steps` of a trace.

    Raises:
        ValueError: If the memory has nothing to show.
    """
    action, strengths = jax.tree.map(np.asarray, (shown.action, shown.strengths))
    observed = memory.observe(action, strengths)
    if not observed:
        raise ValueError(
            f"a trace shows what is left of each element of a memory, and {type(memory).__name__} has none: take a "
            "machine with another memory."
        )
    return [crop(elements, steps) for elements in observed]


def state_at(contents: Observation, time: int) -> Float[np.ndarray, "2 elements"]:
    """Return the strength of each element after a step, and its weight in the read, rounded."""
    return np.stack([contents.strengths[time], contents.weights[time]]).round(DIGITS)
