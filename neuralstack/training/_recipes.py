"""The training recipe of each connection, as measured, and of tasks that need another one."""

from typing import NamedTuple


class Recipe(NamedTuple):
    """The training settings that measured best for machines with a given connection."""

    learning_rate: float
    """Step size of Adam."""
    warmup: tuple[int, ...]
    """Lengths to start with, until several batches in a row are answered without an error; if empty, all lengths from
    the start."""
    binarization: float
    """Weight of the term that drives gates toward 0 or 1."""
    restart_after: int
    """Steps after which an attempt still in its warm-up restarts; 0 disables restarts."""


RECIPES = {
    "layer": Recipe(learning_rate=1e-2, warmup=(8, 16, 32), binarization=0.02, restart_after=150),
    "feedback": Recipe(learning_rate=1e-2, warmup=(8, 16, 32), binarization=0.02, restart_after=200),
    "skip": Recipe(learning_rate=1e-2, warmup=(8, 16, 32), binarization=0.02, restart_after=0),
    "paper": Recipe(learning_rate=3e-3, warmup=(), binarization=0.0, restart_after=0),
}
"""A recipe for each connection. Short sequences need a large share of the gradient until the machine uses its
memory."""

NETWORK_RECIPES = {"transformer": Recipe(learning_rate=2e-3, warmup=(), binarization=0.0, restart_after=0)}
"""A recipe for each network that takes the place of a controller and its connection."""

STREAMS = Recipe(learning_rate=3e-3, warmup=(), binarization=0.0, restart_after=0)
"""The recipe of tasks whose sources are stretches of a stream."""

SLOW_TO_WARM_UP = frozenset({"dyck-2", "memorization"})
"""Tasks that are learned, but take longer than a restart would allow: they never restart."""


def recipe_of(task: str, base: str, *, streams: bool, known: bool) -> Recipe:
    """Return the recipe of a task and a connection or a network.

    Only tasks for which restarts were measured to help have them; tasks outside the library never restart.

    Examples:
        >>> recipe_of("reversal", "layer", streams=False, known=True).restart_after
        150
        >>> recipe_of("dyck-2", "layer", streams=False, known=True).restart_after
        0
    """
    if streams:
        return STREAMS
    recipe = {**RECIPES, **NETWORK_RECIPES}[base]
    return recipe if known and task not in SLOW_TO_WARM_UP else recipe._replace(restart_after=0)
