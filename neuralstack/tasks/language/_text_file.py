"""A text file as numbers, each version of which is read only once."""

import hashlib
import platform
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import numpy as np

from neuralstack._files import read_bounded

HELD_OUT = 0.1  # fraction at the end of a text that is never trained on
LARGEST_FILE = 1 << 30  # bytes
BYTE_ORDER_MARK = "\ufeff"  # precedes the text in some files, and is not part of it


class TextVersion(NamedTuple):
    """The version of a text."""

    sha256: str
    """SHA-256 of the file's bytes, in hexadecimal."""
    python: str = ""
    """The Python version whose help the text is; empty for a file."""


class Text(NamedTuple):
    """A text and its version."""

    content: str
    version: TextVersion


def read_text(path: str, encoding: str = "utf-8") -> Text:
    """Return the text of a file or, for an empty path, the help on the Python language that comes with Python.

    A leading byte-order mark is dropped.

    Args:
        path: The path of a regular file of at most 1 GiB, or an empty string.
        encoding: The file's encoding, by its name in Python.

    Raises:
        ValueError: If the file cannot be read, is in another encoding, or holds no character.
    """
    if not path:
        return _read_help()
    try:
        status = Path(path).stat()
    except (OSError, ValueError) as error:  # a path with a null character
        reason = error.strerror if isinstance(error, OSError) else error
        raise ValueError(f"cannot read the text {path!r}: {reason}; give the path where it is.") from None
    return _read_file(path, Path(path).absolute(), (status.st_mtime_ns, status.st_size, status.st_ino), encoding)


@lru_cache(maxsize=1)
def _read_help() -> Text:
    topics = import_module("pydoc_data.topics").topics
    content = "\n".join(topics[name] for name in sorted(topics))
    return Text(content, TextVersion(hashlib.sha256(content.encode()).hexdigest(), platform.python_version()))


@lru_cache(maxsize=4)
def _read_file(path: str, where: Path, version: tuple[int, ...], encoding: str) -> Text:
    """Read each version of a file only once: training builds its task several times."""
    del version
    try:
        data = read_bounded(where, LARGEST_FILE)
        content = data.decode(encoding)
    except OSError as error:
        raise ValueError(f"cannot read the text {path!r}: {error.strerror}; give the path where it is.") from None
    except UnicodeDecodeError as error:
        raise ValueError(
            f"the text {path!r} is not in the encoding {encoding} ({error.reason} at byte {error.start}): give the "
            "encoding that it is in, such as latin-1 or utf-16, or convert it."
        ) from None
    except LookupError:
        raise ValueError(
            f"there is no encoding {encoding!r}: give one that Python knows, such as utf-8 or latin-1."
        ) from None
    except ValueError as error:
        raise ValueError(f"cannot use the text {path!r}: {error}; give a text file of at most 1 GiB.") from None
    content = content.removeprefix(BYTE_ORDER_MARK)
    if not content:
        raise ValueError(f"the text {path!r} is empty: give a file with characters in it.")
    return Text(content, TextVersion(hashlib.sha256(data).hexdigest()))


@lru_cache(maxsize=4)
def characters_of(text: Text) -> str:
    """Return the different characters of a text, in Unicode order."""
    return "".join(sorted(set(text.content)))


def require_version(path: str, text: Text, wanted: TextVersion) -> None:
    """Check that a text is the required version.

    Raises:
        ValueError: If the text is another one, or was edited.
    """
    if text.version.sha256 == wanted.sha256:
        return
    if path or not wanted.python:
        raise ValueError(
            f"the text {path or 'that comes with Python'!r} is not that of the training, or was changed since then "
            f"(its SHA-256 is {text.version.sha256[:12]}..., not {wanted.sha256[:12]}...): restore it, or give the "
            "path where the text of the training is."
        )
    raise ValueError(
        f"the help of Python {text.version.python} is not the text of the training, which was that of Python "
        f"{wanted.python}: use that version of Python."
    )


def encode_characters(content: str, vocabulary: str, name: str) -> np.ndarray:
    """Return the numbers of a text's characters.

    Args:
        content: The text.
        vocabulary: All known characters.
        name: A phrase for the text, for an error.

    Raises:
        ValueError: If the text has characters that are not in the vocabulary; the first ones are named.
    """
    if unknown := sorted(set(content) - set(vocabulary)):
        shown = ", ".join(map(repr, unknown[:8])) + (f" and {len(unknown) - 8} others" if len(unknown) > 8 else "")
        what = "the character {}, which is" if len(unknown) == 1 else "the characters {}, which are"
        raise ValueError(
            f"{name} has {what.format(shown)} not in the alphabet of {len(vocabulary)}: give a text without them, or "
            "an alphabet that has them."
        )
    codes = code_points(vocabulary)
    numbers = np.zeros(1 + int(codes.max(initial=0)), np.int32)
    numbers[codes] = np.arange(len(codes))
    return numbers[code_points(content)]


def code_points(text: str) -> np.ndarray:
    """Return the Unicode code point of each character."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


@lru_cache(maxsize=8)
def read_symbols(text: Text, name: str, vocabulary: str, held_out: bool) -> np.ndarray:
    """Return the training part or the held-out part of a text, as the numbers of its characters.

    Raises:
        ValueError: If the text has a character that is not in the vocabulary.
    """
    symbols = encode_characters(text.content, vocabulary, name)
    border = len(symbols) - int(len(symbols) * HELD_OUT)
    return symbols[border:] if held_out else symbols[:border]
