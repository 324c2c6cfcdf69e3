"""The entries that come with the package."""

import builtins
from pathlib import Path

from neuralstack._lookup import lookup
from neuralstack.zoo._entry import CARD, Entry

ENTRIES = Path(__file__).with_name("entries")


def list() -> builtins.list[str]:
    """Return the names of all entries, in alphabetical order: those of their tasks.

    Examples:
        >>> import neuralstack as ns
        >>> "parity" in ns.zoo.list()
        True
    """
    return sorted(card.parent.name for card in ENTRIES.glob(f"*/{CARD}"))


def load(name: str) -> Entry:
    """Return an entry of the zoo.

    Args:
        name: One of the names that `list` returns.

    Raises:
        ValueError: If there is no entry of that name; the message lists all names and suggests the closest.

    Examples:
        >>> import neuralstack as ns
        >>> ns.zoo.load("party")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ValueError: unknown entry of the zoo 'party': did you mean 'parity'? choose from ...
    """
    return lookup("entry of the zoo", {known: Entry(known, ENTRIES / known) for known in list()}, name)
