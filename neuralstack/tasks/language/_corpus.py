"""A text file as numbers, read once."""

from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np

HELD_OUT = 0.1  # what part of a text is never trained on: its end


@cache
def read_text(path: str) -> str:
    """Return a text: that of a file, or, for an empty path, the help on Python's language that comes with Python.

    Raises:
        ValueError: If the file cannot be read, or is no UTF-8.
    """
    if not path:
        topics = import_module("pydoc_data.topics").topics
        return "\n".join(topics[name] for name in sorted(topics))
    try:
        return Path(path).read_bytes().decode()
    except OSError as error:
        raise ValueError(f"cannot read the text {path!r}: {error.strerror}; give the path of another text.") from None
    except UnicodeDecodeError as error:
        raise ValueError(
            f"the text {path!r} is not UTF-8 ({error.reason} at byte {error.start}): convert it."
        ) from None


@cache
def characters_of(path: str) -> str:
    """Return the different characters of a text, in the order of their numbers in Unicode."""
    return "".join(sorted(set(read_text(path))))


@cache
def read_symbols(path: str, vocabulary: str, held_out: bool) -> np.ndarray:
    """Return the part of a text that is trained on, or the one that is held out, as the numbers of its characters.

    Raises:
        ValueError: If it cannot be read, or has a character that is not among `words`.
    """
    text = read_text(path)
    if unknown := sorted(set(text) - set(vocabulary)):
        raise ValueError(
            f"the text {path!r} has the character {unknown[0]!r}, which is not in the alphabet: give an alphabet that "
            "has it, or another text."
        )
    numbers = {word: number for number, word in enumerate(vocabulary)}
    symbols = np.array([numbers[character] for character in text], np.int32)
    border = len(symbols) - int(len(symbols) * HELD_OUT)
    return symbols[border:] if held_out else symbols[:border]
