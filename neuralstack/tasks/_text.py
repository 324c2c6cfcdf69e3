"""Conversion of typed text to symbols and back."""

from collections.abc import Sequence


def encode_text(text: str, vocabulary: Sequence[str]) -> list[int]:
    """Return the number of each symbol in a text.

    If every symbol is one character, the text is read character by character, spaces included; otherwise, as words
    separated by spaces.

    Raises:
        ValueError: If the text is empty, or has a word that is not a symbol.

    Examples:
        >>> encode_text("cab", "abc")
        [2, 0, 1]
        >>> encode_text("the me3", ("the", "a", "me3"))
        [0, 2]
    """
    parts, what = (text, "character") if spelled(vocabulary) else (text.split(), "word")
    if not parts:
        raise ValueError(f"the text is empty: give at least one {what}.")
    symbols = {word: symbol for symbol, word in enumerate(vocabulary)}
    for index, spelling in enumerate(parts, 1):
        if spelling not in symbols:
            raise ValueError(
                f"unknown symbol {spelling!r} at {what} {index} of the text: this task knows "
                f"{describe_vocabulary(vocabulary)}."
            )
    return [symbols[spelling] for spelling in parts]


def decode_text(tokens: list[int], vocabulary: Sequence[str], marks: Sequence[str]) -> str:
    """Return the text of tokens; the marks, which follow the symbols, are written by name.

    Examples:
        >>> decode_text([2, 0, 3], "abc", ["<end>"])
        'ca<end>'
        >>> decode_text([0, 2], ("the", "a", "me3"), [])
        'the me3'
    """
    names = [*vocabulary, *marks]
    return ("" if spelled(vocabulary) else " ").join(names[token] for token in tokens)


def spelled(vocabulary: Sequence[str]) -> bool:
    """Return whether every symbol is a single character."""
    return all(len(word) == 1 for word in vocabulary)


def describe_vocabulary(vocabulary: Sequence[str]) -> str:
    """Describe the symbols briefly, for an error message."""
    if "".join(vocabulary) == "".join(map(chr, range(128))):
        return "the 128 characters of ASCII"
    size = len(vocabulary)
    if spelled(vocabulary):
        return f"the {size} characters {''.join(vocabulary[:40])!r}" + ("..." if size > 40 else "")
    return f"the {size} words {', '.join(vocabulary[:12])}" + ("..." if size > 12 else "")
