"""Texts that are not where a run says. Nothing here imports JAX."""

from pathlib import Path


def require_text(run: Path, text: str) -> None:
    """Refuse to go on without the text of a run, whose path is given where it has one.

    Raises:
        ValueError: If there is nothing at that path.
    """
    if text and not Path(text).exists():
        raise ValueError(f"the text of {str(run)!r} is not at {text!r} any more: give its new path as --text.")
