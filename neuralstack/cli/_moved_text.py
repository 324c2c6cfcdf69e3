"""Texts that are not where a run says they are. Nothing here imports JAX."""

from pathlib import Path


def require_text(run: Path, text: str) -> None:
    """Check that the text of a run exists, if the run names its path.

    Raises:
        ValueError: If there is nothing at that path.
    """
    if text and not Path(text).exists():
        raise ValueError(f"the text of {str(run)!r} is no longer at {text!r}: give its new path as --text.")
