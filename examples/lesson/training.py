"""Training with Adam and a curriculum of lengths, and evaluation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from .network import Weights, draw_batch, forward, init_weights, loss_and_gradient

BATCH_SIZE, LEARNING_RATE, MAX_GRAD_NORM = 10, 0.01, 1.0
DECAY_MEAN, DECAY_SQUARE = 0.9, 0.99
SMALL_LOSS, TINY_LOSS = 0.05, 0.01  # below the first, strings get longer; below the second, training ends at the goal


@dataclass(frozen=True)
class Settings:
    """Settings of a training, besides its seed."""

    bias: float = 0.0
    """Initial bias of the push strengths and, negated, of the pop strengths."""
    auxiliary: float = 0.0
    """Weight of the two auxiliary losses."""
    updates: int = 1500
    """Maximum number of updates."""
    goal: int = 10
    """Length at which the curriculum ends."""


class Trained(NamedTuple):
    """Outcome of a training."""

    weights: Weights
    longest: int
    """The length that the curriculum reached."""
    updates: int


class Accuracy(NamedTuple):
    """A network's behavior on strings of one length."""

    right: float
    """Fraction of strings reversed without an error."""
    strengths: Float64[np.ndarray, "steps 2"]
    """Push and pop strengths, averaged over the strings."""


def train(settings: Settings, seed: int) -> Trained:
    """Train a network.

    The length of each batch is drawn up to a maximum, which grows by 1 whenever the running mean of the loss is small;
    training ends early once the loss is tiny at the goal.

    >>> train(Settings(updates=20), seed=0)[1:]
    (1, 20)
    """
    rng = np.random.default_rng(seed)
    weights = init_weights(rng, settings.bias)
    moments = {name: np.zeros((2, *weight.shape)) for name, weight in weights.items()}
    longest, mean_loss = 1, 1.0
    for update in range(1, settings.updates + 1):
        tokens, targets = draw_batch(rng, int(rng.integers(1, longest + 1)), BATCH_SIZE)
        loss, _, gradient = loss_and_gradient(weights, tokens, targets, settings.auxiliary)
        weights, moments = adam(weights, moments, gradient, update)
        mean_loss += 0.1 * (loss - mean_loss)
        if longest == settings.goal and mean_loss < TINY_LOSS:
            return Trained(weights, longest, update)
        if longest < settings.goal and mean_loss < SMALL_LOSS:
            longest, mean_loss = longest + 1, 0.5
    return Trained(weights, longest, settings.updates)


def adam(
    weights: Weights, moments: Mapping[str, np.ndarray], gradient: Weights, update: int
) -> tuple[Weights, dict[str, np.ndarray]]:
    """Take one step of Adam with a clipped gradient; moments are running means of the gradient and of its square."""
    scale = min(1.0, MAX_GRAD_NORM / np.sqrt(sum((part**2).sum() for part in gradient.values())))
    decays = np.array([DECAY_MEAN, DECAY_SQUARE])
    new_weights, new_moments = {}, {}
    for name, weight in weights.items():
        decay = decays.reshape(2, *(1 for _ in weight.shape))
        part = scale * gradient[name]
        new_moments[name] = decay * moments[name] + (1 - decay) * np.stack([part, part**2])
        mean, square = new_moments[name] / (1 - decay**update)
        new_weights[name] = weight - LEARNING_RATE * mean / (np.sqrt(square) + 1e-8)
    return new_weights, new_moments


def evaluate(weights: Weights, length: int, count: int = 100) -> Accuracy:
    """Evaluate a network on a fixed set of strings, drawn separately from those of any training.

    >>> evaluate(init_weights(np.random.default_rng(0)), length=10).right
    0.0
    """
    tokens, targets = draw_batch(np.random.default_rng(1000), length, count)
    outputs = forward(weights, tokens)
    right = ((outputs.logits[-length:] > 0) == targets).all(0).mean()
    return Accuracy(float(right), outputs.strengths.mean(1))
