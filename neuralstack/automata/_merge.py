"""Merging of classes of states wherever the observations do not contradict it.

A transition that the task never asks for is unconstrained (an incompletely specified automaton). Merging two states
also merges their successors under the same token; if that leads to a contradiction, they are kept apart (Oncina &
Garcia, 1992).
"""

import numpy as np
from jaxtyping import Bool, Int


def merge(
    leads: Int[np.ndarray, "classes vocabulary"],
    action_labels: Int[np.ndarray, "classes vocabulary"],
    gates: Int[np.ndarray, " classes"],
    asked: Bool[np.ndarray, "classes vocabulary"],
) -> Int[np.ndarray, " classes"]:
    """Return for each class its representative; classes that are never reached represent themselves.

    Args:
        leads: The class that a token leads to.
        action_labels: Action label on that transition.
        gates: Which gates are open in a class, -1 where that is not known.
        asked: The transitions that the task asks for; the others are ignored.
    """
    root, kept = np.arange(len(leads)), []
    for state in reached(leads, asked):
        if root[state] != state:
            continue
        for other in kept:
            merged = fold(root, state, other, leads, action_labels, gates, asked)
            if merged is not None:
                root = merged
                break
        else:
            kept.append(state)
        kept = [other for other in kept if root[other] == other]
    return root


def reached(leads: np.ndarray, asked: np.ndarray) -> list[int]:
    """Return the classes in the order in which they are reached from class 0."""
    order = [0]
    for state in order:
        order += [new for new in dict.fromkeys(leads[state, asked[state]].tolist()) if new not in order]
    return order


def fold(root, left, right, leads, action_labels, gates, asked) -> np.ndarray | None:
    """Return the classes after merging two and all that this implies, or None if the observations contradict it."""
    root, waiting = root.copy(), [(left, right)]
    while waiting:
        pair = {int(root[member]) for member in waiting.pop()}
        if len(pair) == 1:
            continue
        together = np.flatnonzero(np.isin(root, list(pair)))
        root[together] = min(pair)
        if len(set(gates[together]) - {-1}) > 1:
            return None
        for token in np.flatnonzero(asked[together].sum(0) > 1):
            who = together[asked[together, token]]
            if len(set(action_labels[who, token])) > 1:
                return None
            targets = list(set(root[leads[who, token]]))
            waiting += [(targets[0], target) for target in targets[1:]]
    return root
