"""Edits in words: what there was, and what there is in its place."""

from typing import Any

import jax
import numpy as np

from neuralstack.reporting._edit import name_of

NAMES = {"state": "controller's state", "readout": "readout's state", "memory": "memory", "action": "action"}
MOST_NUMBERS = 4  # of an array that is written out


def difference_in_words(before: Any, after: Any) -> str:
    """Return the difference between two trees of arrays of the same form.

    Examples:
        >>> import numpy as np, neuralstack as ns
        >>> action = ns.Action(np.array(0.98), np.array(0.0), np.ones(8))
        >>> difference_in_words(action, action._replace(push=np.array(0.0), value=np.zeros(8)))
        'push 0.98 → 0, value: 8 of 8 numbers'
    """
    clauses = []
    for (path, old), new in zip(jax.tree.leaves_with_path(before), jax.tree.leaves(after), strict=True):
        old, new = np.asarray(old), np.asarray(new)
        changed = int((old != new).sum())
        if not changed:
            continue
        name = " ".join(word_of(name_of(key)) for key in path)
        if old.size <= MOST_NUMBERS:
            clauses.append(f"{name} {numbers(old)} → {numbers(new)}".lstrip())
        else:
            clauses.append(f"{name}: {changed} of {old.size} numbers".removeprefix(": "))
    return ", ".join(clauses) or "nothing else than before"


def word_of(name: Any) -> str:
    """Return the name of a part; numbered ones are counted from 1."""
    return f"part {name + 1}" if isinstance(name, int) else str(name)


def numbers(array: np.ndarray) -> str:
    """Return a few numbers as text.

    Examples:
        >>> numbers(np.array([0.25, 1.0]))
        '0.25 1'
    """
    return " ".join(f"{number:.4g}" for number in array.ravel().tolist())


def edit_in_words(edit: dict[str, Any]) -> str:
    """Return an edit of a trace as one line, with its step as the pages number it, from 1.

    Examples:
        >>> edit_in_words({"step": 3, "part": "action", "change": "push 0.98 → 0"})
        'step 4, action: push 0.98 → 0'
    """
    return f"step {edit['step'] + 1}, {NAMES[edit['part']]}: {edit['change']}"
