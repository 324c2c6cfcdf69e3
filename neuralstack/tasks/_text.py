"""Typed text to tokens and back."""


def encode_text(text: str, alphabet: str) -> list[int]:
    """Return the place of each character in the alphabet.

    Raises:
        ValueError: If the text is empty, or has a character that is not in the alphabet.

    Examples:
        >>> encode_text("cab", "abc")
        [2, 0, 1]
    """
    if not text:
        raise ValueError("the text is empty: give at least one character.")
    tokens = {character: token for token, character in enumerate(alphabet)}
    for place, character in enumerate(text, 1):
        if character not in tokens:
            raise ValueError(
                f"unknown symbol {character!r} at character {place} of the text: "
                f"this task knows {describe_alphabet(alphabet)}."
            )
    return [tokens[character] for character in text]


def decode_text(tokens: list[int], alphabet: str, names: dict[int, str]) -> str:
    """Return the characters of the tokens; those that are no symbols are written by name.

    Examples:
        >>> decode_text([2, 0, 3], "abc", {3: "<end>"})
        'ca<end>'
    """
    return "".join(alphabet[token] if token < len(alphabet) else names[token] for token in tokens)


def describe_alphabet(alphabet: str) -> str:
    """Name an alphabet briefly in an error."""
    if alphabet == "".join(map(chr, range(128))):
        return "the 128 characters of ASCII"
    return f"the {len(alphabet)} characters {alphabet[:40]!r}" + ("..." if len(alphabet) > 40 else "")
