"""The recipe of each connection, as measured, and the recipe of tasks that need another."""

from typing import NamedTuple


class Recipe(NamedTuple):
    """The settings with which a machine of one connection is best trained, as far as measured."""

    learning_rate: float
    """Step size of Adam."""
    warmup: tuple[int, ...]
    """Lengths to start with, until several batches in a row are without an error; empty: all lengths from the start."""
    binarization: float
    """Weight of the term that draws gates to 0 or 1."""
    restart_after: int
    """Steps after which an attempt that is still in its warm-up starts over; 0: never."""


RECIPES = {
    "layer": Recipe(learning_rate=1e-2, warmup=(8, 16, 32), binarization=0.02, restart_after=150),
    "feedback": Recipe(learning_rate=1e-2, warmup=(8, 16, 32), binarization=0.02, restart_after=200),
    "skip": Recipe(learning_rate=1e-2, warmup=(8, 16, 32), binarization=0.02, restart_after=0),
    "paper": Recipe(learning_rate=3e-3, warmup=(), binarization=0.0, restart_after=0),
}
"""A recipe for each connection. Short strings must have a large share in the gradient until the memory is used."""

STREAMS = Recipe(learning_rate=3e-3, warmup=(), binarization=0.0, restart_after=0)
"""The recipe of tasks whose sources are stretches of a stream."""

SLOW_TO_WARM_UP = frozenset({"dyck-2", "memorization"})
"""Tasks that need longer than a restart allows, though they are learned: they are never started over."""


def recipe_of(task: str, connection: str, *, streams: bool, known: bool) -> Recipe:
    """Return the recipe of a task and a connection.

    Restarts belong to tasks for which they were measured to help: a task that is not one of ours is not started over.

    Examples:
        >>> recipe_of("reversal", "layer", streams=False, known=True).restart_after
        150
        >>> recipe_of("dyck-2", "layer", streams=False, known=True).restart_after
        0
    """
    if streams:
        return STREAMS
    recipe = RECIPES[connection]
    return recipe if known and task not in SLOW_TO_WARM_UP else recipe._replace(restart_after=0)
