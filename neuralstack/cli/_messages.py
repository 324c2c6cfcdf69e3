"""Errors of the parser, each as one plain sentence."""

import re
from collections.abc import Collection, Sequence
from itertools import groupby, pairwise

from neuralstack._lookup import nearest

NUMBERS = {"INT": "whole number", "FLOAT": "number"}  # by the name of their type in the parser


def one_line(box: str, command: str, arguments: Sequence[str] = (), options: Collection[str] = ()) -> str:
    r"""Reduce the box that the parser draws around an error to one sentence.

    Args:
        box: The box.
        command: The command that was typed, or an empty string.
        arguments: The arguments typed after it.
        options: The options of the command; the closest is suggested for an unknown one.

    Examples:
        >>> one_line("╭─ Oops ───╮\n│ bad    │\n│ value  │\n│ ───── │\n│ For full helptext, run x │\n╰──╯", "train")
        'bad value; see neuralstack train --help'
    """
    see = f"see neuralstack {command} --help".replace("  ", " ")
    # Lines between rules. Without box characters, the title is a separate group.
    lines = [line.strip("│ ") for line in box.strip().splitlines()]
    groups = [list(group) for rule, group in groupby(lines, key=is_rule) if not rule]
    message = " ".join(" ".join(groups[0 if box.lstrip().startswith("╭") else 1]).split())
    unknown = re.search(r"[Uu]nrecognized (?:or misplaced )?options?: (--[\w-]+)", message)
    dashed = [argument for argument in arguments if re.match("-[^-]|--.", argument) and argument not in options]
    if unknown and unknown[1] in options:
        return f"unknown option {unknown[1]!r}: give its value without the option, after neuralstack {command}; {see}"
    if unknown and command:
        return f"unknown option {unknown[1]!r}: {nearest(unknown[1], options)}{see}"
    if dashed and re.search(r"[Uu]nrecognized|Missing value for argument '[^-]", message):
        return (
            f"unknown option {dashed[0]!r}: write a text that begins with a dash after --, as in -- {dashed[0]}; {see}"
        )
    option = re.search(r"Missing value for argument '(--[\w-]+)'", message)
    given = [after for before, after in pairwise(arguments) if option and before == option[1] and after in dashed]
    if option and given:
        return f"{option[1]} needs a value: write a text that begins with a dash as {option[1]}={given[0]}; {see}"
    return f"{plain(message).rstrip('.')}; {see}"


def is_rule(line: str) -> bool:
    """Return whether a line only draws a rule."""
    return line.startswith(("╭", "╰")) or (line != "" and not line.strip("─-"))


def plain(message: str) -> str:
    """Return the parser's message about a value in plain words.

    Examples:
        >>> plain("Error parsing --count: invalid literal for int() with base 10: '1.5'")
        "--count needs a whole number, got '1.5'"
        >>> plain(
        ...     "Error parsing --rate: no type matching {None}|FLOAT could be instantiated from ['x']. Got errors: ..."
        ... )
        "--rate needs a number, got 'x'"
        >>> plain("Missing value for argument '--out'. Expected 1 values.")
        '--out needs a value'
    """
    if parsed := re.match(r"Error parsing ([^:]+): (.*)", message):
        option, reason = parsed[1], parsed[2]
        for kind, failure in (
            ("INT", r"invalid literal for int\(\) with base 10:"),
            ("FLOAT", "could not convert .*?:"),
        ):
            if wrong := re.match(f"{failure} ('.*')", reason):
                return f"{option} needs a {NUMBERS[kind]}, got {wrong[1]}"
        if wrong := re.match(r"no type matching (.*?) could be instantiated from \[(.*?)\]\.", reason):
            kinds = re.findall("|".join(NUMBERS), wrong[1])
            if len(set(kinds)) == 1:
                many = "" if "..." in wrong[1] else f"{len(kinds)} "
                needed = f"a {NUMBERS[kinds[0]]}" if len(kinds) == 1 else f"{many}{NUMBERS[kinds[0]]}s"
                return f"{option} needs {needed}, got {wrong[2].replace(', ', ' ')}"
        return f"{option}: {reason}"
    if missing := re.match(r"Missing value for argument '(-.*?)'\. Expected (\d+) values?", message):
        return f"{missing[1]} needs {'a value' if missing[2] == '1' else f'{missing[2]} values'}"
    if extra := re.match(r"Unrecognized options: ([^-].*)", message):
        return f"more arguments than the command takes: {extra[1]}"
    return message
