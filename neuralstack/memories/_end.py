"""Stacks and queues with discrete actions, as the parts of which discrete memories are made."""

from typing import Literal, NamedTuple


class End(NamedTuple):
    """One stack or queue."""

    kind: Literal["stack", "queue"]
    depth: int = 1
    """Number of elements that are read, from the top or the front."""
    empty: float = 0.0
    """Number that is read where there is no element."""
