"""The options of a command in place of the arguments that an error of the library names. Nothing here imports JAX."""

import re
from collections.abc import Mapping

SKIPPED = r"(?<!\w)'[^']*'|\"[^\"]*\"|\([^()]*\)"  # what was typed or read, and parentheses


def name_options(message: str, options: Mapping[str, str]) -> str:
    """Return an error of the library, with the options of a command in place of the arguments that it names.

    A word with an underscore is the name of an argument; so is the first word of an error before "must" or "belongs",
    and a word before an equals sign. Other words are left alone.

    Args:
        message: The error.
        options: The options of the command by the names of the arguments; a name may also be a phrase.

    Examples:
        >>> options = {"seed": "--seed", "max_length": "--max-length"}
        >>> name_options("seed must be a whole number, at least 0, got -1: give another seed.", options)
        '--seed must be a whole number, at least 0, got -1: give another seed.'
        >>> name_options("'max_length.py' needs a smaller max_length, got max_length=9.", options)
        "'max_length.py' needs a smaller --max-length, got --max-length 9."
    """
    telling = [name for name in options if not name.isalpha()]
    anywhere = "|".join(re.escape(name) for name in sorted(telling, key=len, reverse=True)) or r"\b\B"
    names = "|".join(map(re.escape, options)) or r"\b\B"
    pattern = (
        rf"{SKIPPED}|^(?P<first>{names})(?= must\b| belongs\b|, the\b)|(?<![\w.-])(?P<given>{names})="
        rf"|(?<![\w.-])(?P<telling>{anywhere})(?!\w)"
    )

    def replaced(match: re.Match[str]) -> str:
        if match["given"]:
            return f"{options[match['given']]} "
        name = match["first"] or match["telling"]
        return options[name] if name else match[0]

    return re.sub(pattern, replaced, message)
