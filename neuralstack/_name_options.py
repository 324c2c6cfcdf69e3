"""Names with options in parentheses, such as `superposition(stacks=2)`."""

import ast
import re
from typing import Any

NAME_AND_OPTIONS = re.compile(r"\s*([^()]*[^()\s])\s*(?:\((.*)\))?\s*")
LONGEST_SHOWN = 200  # characters of a name in a message


def split_options(kind: str, text: str, example: str) -> tuple[str, dict[str, Any]]:
    """Return a name, and the options in parentheses after it.

    Args:
        kind: The kind of thing that is named, for errors.
        text: The name with its options.
        example: A name with an option, for errors.

    Raises:
        ValueError: If the text is not of this form.

    Examples:
        >>> split_options("memory", "superposition(stacks=2)", "superposition(stacks=2)")
        ('superposition', {'stacks': 2})
    """
    match = NAME_AND_OPTIONS.fullmatch(text)
    if match is None:
        raise ValueError(f"a {kind} is a name, or a name with options such as {example}, got {text[:LONGEST_SHOWN]!r}.")
    try:
        call = ast.parse(f"made({match[2] or ''})", mode="eval").body
        assert isinstance(call, ast.Call)
        if call.args:
            raise ValueError
        return match[1], {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        option = example.partition("(")[2].rstrip(")")
        raise ValueError(
            f"options of a {kind} are written name=value, separated by commas, each value a Python literal, such as "
            f"{option}; got {text[:LONGEST_SHOWN]!r}."
        ) from None
