"""How the lesson's network is trained, by a curriculum and without JAX, and measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from neuralstack.experiments._lesson_network import Weights, begin, draw, gradients, run

BATCH, RATE, CLIP = 10, 0.01, 1.0
DECAY_MEAN, DECAY_SQUARE = 0.9, 0.99
SMALL, SMALLEST = 0.05, 0.01  # the loss at which strings get longer, and, at the goal, training ends


@dataclass(frozen=True)
class Settings:
    """What a training depends on, besides its seed."""

    bias: float = 0.0
    """What the push strengths begin with, and, negative, the pop strengths."""
    auxiliary: float = 0.0
    """The weight of the two losses of guessing the previous token."""
    updates: int = 1500
    """The most updates."""
    goal: int = 10
    """The length at which the curriculum ends."""


class SweepMember(NamedTuple):
    """What a training gave."""

    weights: Weights
    longest: int
    """The length that the curriculum reached."""
    updates: int
    """How many updates it took."""


class Measured(NamedTuple):
    """What a network does with strings of one length."""

    right: float
    """The share of strings that are reversed without an error."""
    strengths: Float64[np.ndarray, "steps 2"]
    """Push and pop, the mean over all strings."""


def train(settings: Settings, seed: int) -> SweepMember:
    """Train a network from a seed.

    The length of each batch is drawn up to a longest one. Whenever the running mean of the loss is small, that grows by
    one; once the loss is tiny at the goal, training ends early.

    Examples:
        >>> train(Settings(updates=20), seed=0)[1:]
        (1, 20)
    """
    rng = np.random.default_rng(seed)
    weights = begin(rng, settings.bias)
    moments = {name: np.zeros((2, *weight.shape)) for name, weight in weights.items()}
    longest, recent = 1, 1.0
    for update in range(1, settings.updates + 1):
        tokens, target = draw(rng, int(rng.integers(1, longest + 1)), BATCH)
        loss, _, slopes = gradients(weights, tokens, target, settings.auxiliary)
        weights, moments = adam(weights, moments, slopes, update)
        recent += 0.1 * (loss - recent)
        if longest == settings.goal and recent < SMALLEST:
            return SweepMember(weights, longest, update)
        if longest < settings.goal and recent < SMALL:
            longest, recent = longest + 1, 0.5
    return SweepMember(weights, longest, settings.updates)


def adam(
    weights: Weights, moments: Mapping[str, np.ndarray], slopes: Weights, update: int
) -> tuple[Weights, dict[str, np.ndarray]]:
    """Take one step of Adam with a clipped gradient; the moments are the running means of it and of its square."""
    scale = min(1.0, CLIP / np.sqrt(sum((slope**2).sum() for slope in slopes.values())))
    decays = np.array([DECAY_MEAN, DECAY_SQUARE])
    new_weights, new_moments = {}, {}
    for name, weight in weights.items():
        decay = decays.reshape(2, *(1 for _ in weight.shape))
        slope = scale * slopes[name]
        new_moments[name] = decay * moments[name] + (1 - decay) * np.stack([slope, slope**2])
        mean, square = new_moments[name] / (1 - decay**update)
        new_weights[name] = weight - RATE * mean / (np.sqrt(square) + 1e-8)
    return new_weights, new_moments


def measure(weights: Weights, length: int, count: int = 100) -> Measured:
    """Measure a network on a fixed set of strings, which are not those of any training.

    Examples:
        >>> measure(begin(np.random.default_rng(0)), length=10).right
        0.0
    """
    tokens, target = draw(np.random.default_rng(1000), length, count)
    trace = run(weights, tokens)
    right = ((trace.answers[-length:] > 0) == target).all(0).mean()
    return Measured(float(right), trace.strengths.mean(1))
