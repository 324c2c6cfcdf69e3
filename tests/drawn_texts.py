"""Common parts of the tests of what tasks draw: all short texts, many draws, and checks that they are uniform."""

from collections import Counter
from itertools import product

import jax

from neuralstack import TASKS

DRAWS = 4000


def texts(name, length, **options):
    """Many draws of one length, as text."""
    task = TASKS[name](max_length=length, **options)
    draw = jax.jit(jax.vmap(lambda key: task.draw(key, length).source))
    return [task.decode(row) for row in draw(jax.random.split(jax.random.key(3), DRAWS)).tolist()]


def assert_uniform(found, wanted):
    counts, mean = Counter(found), len(found) / len(wanted)
    assert set(counts) == set(wanted)
    assert max(abs(count - mean) for count in counts.values()) < 5 * mean**0.5


def sources(alphabet, longest):
    return ("".join(text) for length in range(1, longest + 1) for text in product(alphabet, repeat=length))
