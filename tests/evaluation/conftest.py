import itertools

import jax
import numpy as np
import pytest

from neuralstack import Reversal, evaluate, fixed_set


@pytest.fixture(scope="session")
def noisy_machine(learned_machine):
    """A trained machine with noise on its weights: it makes mistakes, most of them late."""
    for seed, noise in itertools.product(range(10), np.linspace(0.02, 0.2, 10)):
        rng = np.random.default_rng(seed)
        noisy = jax.tree.map(
            lambda leaf, noise=noise, rng=rng: leaf + noise * rng.standard_normal(leaf.shape).astype(leaf.dtype),
            learned_machine,
        )
        if 0.1 < evaluate(noisy, fixed_set(Reversal(8), (2, 8))).coarse < 0.7:
            return noisy
    raise AssertionError("no noise makes it forget")
