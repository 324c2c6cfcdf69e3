"""The memory of the computer: work that would need more is refused before anything is computed."""

import os


def require_room(size: int, subject: str, remedy: str, *, parts: str = "") -> None:
    """Check that the computer has enough memory for some work.

    Args:
        size: The estimated number of bytes.
        subject: What needs them, with its verb.
        remedy: What to do about it.
        parts: The components of the estimate.

    Raises:
        ValueError: If the computer has less.

    Examples:
        >>> require_room(1 << 70, "these sequences need", "give fewer")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ValueError: these sequences need about 1099511627776 GiB of memory, but the computer has ...: give fewer.
    """
    available = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if size > available:
        aside = f" ({parts})" if parts else ""
        raise ValueError(
            f"{subject} about {size / 2**30:.0f} GiB of memory{aside}, but the computer has "
            f"{available / 2**30:.0f}: {remedy}."
        )
