"""Stacks and queues with discrete actions, of which discrete memories consist."""

from typing import Literal, NamedTuple


class End(NamedTuple):
    """One stack or queue."""

    kind: Literal["stack", "queue"]
    depth: int = 1
    """Number of elements that are read, from the top or the front."""
    empty: float = 0.0
    """Number that is read where there is no element."""
