"""Strengths without a network: Figure 1a of the paper, and gradient descent on the strengths themselves.

Three values are to be pushed and then popped, in six steps. Each step has its own value, a row of the identity matrix,
so that a read shows the weight of each value in it. A step pops before it reads: the third read shows the third value,
the next two show the second and the first, and the last shows nothing.
"""

from typing import Any

import numpy as np
from jaxtyping import Float64

from neuralstack.reference import stack_backward, stack_forward

from .network import sigmoid

STEPS, LEARNING_RATE, UPDATES = 6, 0.1, 300
LAYER_LEARNING_RATE, LAYER_UPDATES = 1.0, 200
VALUES = np.eye(STEPS)
PUSH, POP = [1.0, 1.0, 1.0, 0.0, 0.0, 0.0], [None, 0.0, 0.0, 1.0, 1.0, 1.0]  # the first pop finds nothing
GOLDEN = {"push": [0.8, 0.5, 0.9], "pop": [0.0, 0.1, 0.9], "values": [1.0, 2.0, 3.0]}
POP_START = 0.45
STARTS = ((0.6, 0.35), (0.5, 0.3), (0.9, 0.1))  # of all pushes and of all pops
LAYER_START, LAYER_SEEDS = 0.4, 20  # weights of the pushes; those of the pops are negative
LEARNED = 0.1  # the loss below which the values come out in reverse


def learn_strengths(
    updates: int = UPDATES, layer_updates: int = LAYER_UPDATES, layer_seeds: int = LAYER_SEEDS
) -> dict[str, Any]:
    """Compute Figure 1a of the paper, then learn the pops alone, both strengths, and both as the output of a layer.

    Returns:
        The results: `golden`, `pops`, `both` (one for each start), `layer`, and the losses of `random_layers`.
    """
    even = np.tile([LAYER_START, -LAYER_START], (STEPS, 1))
    starts = (np.random.default_rng(seed).normal(size=(STEPS, 2)) for seed in range(layer_seeds))
    return {
        "golden": golden(),
        "pops": descend(np.array(PUSH), np.full(STEPS, POP_START), updates, learn_push=False),
        "both": [descend(np.full(STEPS, push), np.full(STEPS, pop), updates) for push, pop in STARTS],
        "layer": descend_weights(even, layer_updates),
        "random_layers": [descend_weights(start, layer_updates)["loss"] for start in starts],
    }


def golden() -> dict[str, list[Any]]:
    """Return the strengths and the reads of Figure 1a.

    >>> golden()["reads"]
    [0.8, 1.5, 2.8]
    """
    strengths, _, reads = stack_forward(GOLDEN["push"], GOLDEN["pop"], np.array(GOLDEN["values"])[:, None])
    return {"strengths": strengths.round(12).tolist(), "reads": reads[:, 0].round(12).tolist()}


def read_error(reads: Float64[np.ndarray, "6 6"]) -> Float64[np.ndarray, "6 6"]:
    """Return the derivatives of half the squared error with respect to the reads; the first two reads are free."""
    targets = np.zeros_like(reads)
    targets[:5] = *reads[:2], *VALUES[[2, 1, 0]]
    return reads - targets


def descend(
    push: Float64[np.ndarray, " 6"],
    pop: Float64[np.ndarray, " 6"],
    updates: int = UPDATES,
    *,
    learn_push: bool = True,
) -> dict[str, Any]:
    """Learn the strengths themselves, clipped to the interval from 0 to 1 after each update.

    >>> result = descend(np.array(PUSH), np.full(6, 0.45), learn_push=False)
    >>> np.array(result["pop"][1:]).round(1).tolist()
    [0.0, 0.0, 1.0, 1.0, 1.0]

    If all pushes are strong, they hide the targets below them, and gradient descent does not find them.

    >>> descend(np.full(6, 0.9), np.full(6, 0.1))["loss"] < LEARNED
    False
    """
    losses = []
    for _ in range(updates):
        error = read_error(stack_forward(push, pop, VALUES)[2])
        losses.append((error**2).sum() / 2)
        by_push, by_pop, _ = stack_backward(push, pop, VALUES, error)
        push = np.clip(push - LEARNING_RATE * by_push, 0, 1) if learn_push else push
        pop = np.clip(pop - LEARNING_RATE * by_pop, 0, 1)
    return describe(losses[0], push, pop)


def descend_weights(weights: Float64[np.ndarray, "6 2"], updates: int = LAYER_UPDATES) -> dict[str, Any]:
    """Learn the weights of a layer from the one-hot time to the strengths, through a sigmoid.

    >>> result = descend_weights(np.tile([0.4, -0.4], (6, 1)))
    >>> np.array(result["push"]).round().tolist()
    [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]
    """
    losses = []
    for _ in range(updates):
        strengths = sigmoid(weights)
        error = read_error(stack_forward(*strengths.T, VALUES)[2])
        losses.append((error**2).sum() / 2)
        by_strengths = np.stack(stack_backward(*strengths.T, VALUES, error)[:2], axis=1)
        weights = weights - LAYER_LEARNING_RATE * by_strengths * strengths * (1 - strengths)
    return describe(losses[0], *sigmoid(weights).T)


def describe(first_loss: float, push: Float64[np.ndarray, " 6"], pop: Float64[np.ndarray, " 6"]) -> dict[str, Any]:
    """Return the first and the last loss of a descent, and the final strengths."""
    loss = (read_error(stack_forward(push, pop, VALUES)[2]) ** 2).sum() / 2
    return {"first_loss": float(first_loss), "loss": float(loss), "push": push.tolist(), "pop": pop.tolist()}
