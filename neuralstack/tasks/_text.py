"""Typed text to symbols and back."""

from collections.abc import Sequence


def encode_text(text: str, words: Sequence[str]) -> list[int]:
    """Return the number of each symbol in a text.

    Where every symbol is one character the text is read character by character, spaces included; otherwise it is words
    between spaces.

    Raises:
        ValueError: If the text is empty, or has a word that is no symbol.

    Examples:
        >>> encode_text("cab", "abc")
        [2, 0, 1]
        >>> encode_text("the me3", ("the", "a", "me3"))
        [0, 2]
    """
    parts, what = (text, "character") if spelled(words) else (text.split(), "word")
    if not parts:
        raise ValueError(f"the text is empty: give at least one {what}.")
    symbols = {word: symbol for symbol, word in enumerate(words)}
    for place, part in enumerate(parts, 1):
        if part not in symbols:
            raise ValueError(
                f"unknown symbol {part!r} at {what} {place} of the text: this task knows {describe_words(words)}."
            )
    return [symbols[part] for part in parts]


def decode_text(tokens: list[int], words: Sequence[str], marks: Sequence[str]) -> str:
    """Return the text of tokens; the marks, which follow the symbols, are written by name.

    Examples:
        >>> decode_text([2, 0, 3], "abc", ["<end>"])
        'ca<end>'
        >>> decode_text([0, 2], ("the", "a", "me3"), [])
        'the me3'
    """
    names = [*words, *marks]
    return ("" if spelled(words) else " ").join(names[token] for token in tokens)


def spelled(words: Sequence[str]) -> bool:
    """Say whether every symbol is a single character."""
    return all(len(word) == 1 for word in words)


def describe_words(words: Sequence[str]) -> str:
    """Name the symbols briefly in an error."""
    if "".join(words) == "".join(map(chr, range(128))):
        return "the 128 characters of ASCII"
    if spelled(words):
        return f"the {len(words)} characters {''.join(words[:40])!r}" + ("..." if len(words) > 40 else "")
    return f"the {len(words)} words {', '.join(words[:12])}" + ("..." if len(words) > 12 else "")
