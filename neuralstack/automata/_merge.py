"""Merging classes of states as far as nothing that was seen of them speaks against it.

What a task never asks for in a state is free, and decides nothing (an automaton with gaps). Merging two states merges
what the same token leads to from both; where that ends in a contradiction, they stay apart (Oncina & Garcia, 1992).
"""

import numpy as np
from jaxtyping import Bool, Int


def merge(
    leads: Int[np.ndarray, "classes vocabulary"],
    action_labels: Int[np.ndarray, "classes vocabulary"],
    gates: Int[np.ndarray, " classes"],
    asked: Bool[np.ndarray, "classes vocabulary"],
) -> Int[np.ndarray, " classes"]:
    """Return for each class the one that stands for it; classes that are never reached stand for themselves.

    Args:
        leads: The class that a token leads to.
        action_labels: What is done on the way.
        gates: Which gates are open in a class, -1 where that is not known.
        asked: Where the two above count.
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
    """Return the classes after merging two and all that follows from it; none if that contradicts what was seen."""
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
