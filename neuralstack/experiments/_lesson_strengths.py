"""The lesson's first four parts: what the stack does, and the strengths that gradient descent finds without a network.

Three values are to be pushed and then popped, in six steps. Each step has a value of its own, a row of the unit matrix,
so that a read says how much of each was seen. A step pops before it reads: the third shows the third value, the next
two show the second and the first, and the last shows nothing.
"""

from typing import Any

import numpy as np
from jaxtyping import Float64

from neuralstack.experiments._lesson_network import sigmoid
from neuralstack.reference import stack_backward, stack_forward

STEPS, RATE, UPDATES = 6, 0.1, 300
LAYER_RATE, LAYER_UPDATES = 1.0, 200
VALUES = np.eye(STEPS)
PUSH, POP = [1.0, 1.0, 1.0, 0.0, 0.0, 0.0], [None, 0.0, 0.0, 1.0, 1.0, 1.0]  # nothing is there for the first pop
GOLDEN = {"push": [0.8, 0.5, 0.9], "pop": [0.0, 0.1, 0.9], "values": [1.0, 2.0, 3.0]}
POP_START = 0.45
STARTS = ((0.6, 0.35), (0.5, 0.3), (0.9, 0.1))  # of all pushes and of all pops
LAYER_START, LAYER_SEEDS = 0.4, 20  # weights of the pushes; those of the pops are negative
LEARNED = 0.1  # the loss below which the values come out in reverse


def strengths_without_a_network() -> dict[str, Any]:
    """Run all four parts: Figure 1a of the paper, then pops, both strengths, and both from a layer.

    Returns:
        What each came to: `golden`, `pops`, `both` (one for each start), `layer`, and the losses of `random_layers`.
    """
    even = np.tile([LAYER_START, -LAYER_START], (STEPS, 1))
    starts = (np.random.default_rng(seed).normal(size=(STEPS, 2)) for seed in range(LAYER_SEEDS))
    return {
        "golden": golden(),
        "pops": descend(np.array(PUSH), np.full(STEPS, POP_START), pushes_too=False),
        "both": [descend(np.full(STEPS, push), np.full(STEPS, pop)) for push, pop in STARTS],
        "layer": descend_weights(even),
        "random_layers": [descend_weights(start)["loss"] for start in starts],
    }


def golden() -> dict[str, list[Any]]:
    """Return the strengths and the reads of Figure 1a.

    Examples:
        >>> golden()["reads"]
        [0.8, 1.5, 2.8]
    """
    strengths, _, reads = stack_forward(GOLDEN["push"], GOLDEN["pop"], np.array(GOLDEN["values"])[:, None])
    return {"strengths": strengths.round(12).tolist(), "reads": reads[:, 0].round(12).tolist()}


def error(reads: Float64[np.ndarray, "6 6"]) -> Float64[np.ndarray, "6 6"]:
    """Return the derivative by the reads of half their squared distance from what is wanted; the first two are free."""
    wanted = np.zeros_like(reads)
    wanted[:5] = *reads[:2], *VALUES[[2, 1, 0]]
    return reads - wanted


def descend(
    push: Float64[np.ndarray, " 6"], pop: Float64[np.ndarray, " 6"], *, pushes_too: bool = True
) -> dict[str, Any]:
    """Learn the strengths themselves, clipped to the interval from 0 to 1 after each update.

    Examples:
        >>> found = descend(np.array(PUSH), np.full(6, 0.45), pushes_too=False)
        >>> np.array(found["pop"][1:]).round(1).tolist()
        [0.0, 0.0, 1.0, 1.0, 1.0]

        Where much is pushed at every step, what is wanted is out of sight, and is not found.

        >>> descend(np.full(6, 0.9), np.full(6, 0.1))["loss"] < LEARNED
        False
    """
    losses = []
    for _ in range(UPDATES):
        wrong = error(stack_forward(push, pop, VALUES)[2])
        losses.append((wrong**2).sum() / 2)
        by_push, by_pop, _ = stack_backward(push, pop, VALUES, wrong)
        push = np.clip(push - RATE * by_push, 0, 1) if pushes_too else push
        pop = np.clip(pop - RATE * by_pop, 0, 1)
    return report(losses[0], push, pop)


def descend_weights(weights: Float64[np.ndarray, "6 2"]) -> dict[str, Any]:
    """Learn the weights of a layer that is told the time, a one-hot vector, and gives the strengths by a sigmoid.

    Examples:
        >>> found = descend_weights(np.tile([0.4, -0.4], (6, 1)))
        >>> np.array(found["push"]).round().tolist()
        [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]
    """
    losses = []
    for _ in range(LAYER_UPDATES):
        strengths = sigmoid(weights)
        wrong = error(stack_forward(*strengths.T, VALUES)[2])
        losses.append((wrong**2).sum() / 2)
        slopes = np.stack(stack_backward(*strengths.T, VALUES, wrong)[:2], axis=1)
        weights = weights - LAYER_RATE * slopes * strengths * (1 - strengths)
    return report(losses[0], *sigmoid(weights).T)


def report(first_loss: float, push: Float64[np.ndarray, " 6"], pop: Float64[np.ndarray, " 6"]) -> dict[str, Any]:
    """Return what a descent came to."""
    loss = (error(stack_forward(push, pop, VALUES)[2]) ** 2).sum() / 2
    return {"first_loss": float(first_loss), "loss": float(loss), "push": push.tolist(), "pop": pop.tolist()}
