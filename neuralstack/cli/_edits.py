"""Edits of steps as they are written on the command line: `4:push=0`, or `4:memory=abba`."""

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neuralstack.reporting import Edit

WHOLE = "state", "readout", "memory", "action"
FORM = re.compile(r"(\d{1,9}):([\w.]+)=(.*)", re.DOTALL)


def parse_edits(texts: Sequence[str]) -> dict[int, "Edit"]:
    """Return the edits that some texts describe, by their steps from 0; in a text, the first step is 1.

    A part that is named as a whole is taken from the same step of the run on another text. Any other name is that of a
    part of the action, which is set to numbers.

    Raises:
        ValueError: If a text is not an edit, or sets what another one sets.

    Examples:
        >>> parse_edits(["4:push=0", "4:pop=0.5", "6:memory=abba"])
        {3: Edit(action={'push': 0, 'pop': 0.5}), 5: Edit(memory=FromText(text='abba', step=None))}
    """
    from neuralstack.reporting import Edit, FromText

    parts: dict[int, dict[str, Any]] = {}
    for text in texts:
        if (found := FORM.fullmatch(text)) is None or int(found[1]) == 0:
            raise ValueError(f"--edit takes STEP:PART=VALUE, with steps from 1, such as 4:push=0, got {text!r}.")
        step, path, value = int(found[1]) - 1, found[2], found[3]
        of_step = parts.setdefault(step, {})
        if path in WHOLE:
            set_once(of_step, [path], FromText(value), text)
        else:
            set_once(of_step, ["action", *map(key_of, path.split("."))], numbers_of(value, text), text)
    return {step: Edit(**given) for step, given in parts.items()}


def key_of(name: str) -> str | int:
    """Return the name of a part of an action; those without names are numbered from 1."""
    return int(name) - 1 if name.isdigit() else name


def numbers_of(value: str, text: str) -> Any:
    """Return a number, or nested lists of numbers.

    Raises:
        ValueError: If the value is something else.
    """
    try:
        numbers = json.loads(value)
    except json.JSONDecodeError:
        numbers = None
    if isinstance(numbers, int | float | list):
        return numbers
    raise ValueError(f"--edit sets a part of an action to a number or a list such as [0,0,1], got {text!r}.")


def set_once(tree: dict[Any, Any], path: list[Any], value: Any, text: str) -> None:
    """Set one entry of nested dictionaries.

    Raises:
        ValueError: If it is set already.
    """
    *outer, last = path
    for name in outer:
        tree = tree.setdefault(name, {})
        if not isinstance(tree, dict):
            break
    if not isinstance(tree, dict) or last in tree:
        raise ValueError(f"--edit sets a part of a step once, but {text!r} sets it again.")
    tree[last] = value
