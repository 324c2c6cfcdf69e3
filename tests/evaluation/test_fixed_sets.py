"""Fixed sets: the sequences in them, which never change."""

import hashlib

import jax.numpy as jnp
import numpy as np
import pytest

from neuralstack import TASKS, Reversal, fixed_set
from small import assert_same_leaves

TASK = Reversal(8)

# The published protocol's sets. A change here means that results before and after it cannot be compared.
FIXED = {
    (8, 64): (
        [60, 47, 41, 51, 62, 60],
        [128, 66, 66, 63, 121, 61],
        "ee08fd4c478ef68d5234c076f4df0acb1f8eed1afb0e633663c84460b825d306",
    ),
    (65, 128): (
        [86, 96, 110, 114, 69, 65],
        [128, 63, 126, 29, 94, 46],
        "282d36717146e4e892982f42f3cea734840a88fe437108e18cd8df80faa291f0",
    ),
}


@pytest.mark.parametrize("lengths", FIXED)
def test_the_fixed_sets_never_change(lengths):
    first_lengths, first_tokens, digest = FIXED[lengths]
    given = fixed_set(Reversal(64), lengths)
    inputs = given.examples.inputs
    assert given.lengths[:6].tolist() == first_lengths
    assert inputs[0, :6].tolist() == first_tokens
    assert inputs.dtype == given.lengths.dtype == jnp.int32
    assert hashlib.sha256(np.asarray(given.lengths).tobytes() + np.asarray(inputs).tobytes()).hexdigest() == digest


@pytest.mark.parametrize("lengths", [*FIXED, (2, 8)])
def test_a_fixed_set_has_1000_sequences_and_covers_its_lengths(lengths):
    low, high = lengths
    examples, drawn = fixed_set(Reversal(64), lengths)
    assert examples.inputs.shape == (1000, 2 * high + 2)
    assert set(drawn.tolist()) == set(range(low, high + 1))
    np.testing.assert_array_equal(examples.mask.sum(1), drawn + 1)


def test_a_fixed_set_does_not_depend_on_the_longest_source_of_the_task():
    assert_same_leaves(fixed_set(Reversal(3), (2, 8)), fixed_set(Reversal(128), (2, 8)))


def test_fixed_sets_of_different_lengths_are_different():
    one, other = fixed_set(TASK, (2, 8)), fixed_set(TASK, (1, 8))
    assert (one.examples.inputs != other.examples.inputs).any(axis=1).mean() > 0.9


@pytest.mark.parametrize("lengths", [(0, 3), (5, 4), (-1, 2)])
def test_lengths_that_are_no_range_are_refused(lengths):
    low, high = lengths
    with pytest.raises(ValueError, match=f"lengths must be two numbers in order, at least 1, got {low} and {high}"):
        fixed_set(TASK, lengths)


def test_lengths_that_a_task_does_not_have_are_refused():
    with pytest.raises(ValueError, match="BigramFlip has no source of 9 to 9 symbols"):
        fixed_set(TASKS["bigram-flip"](), (9, 9))


@pytest.mark.parametrize("count", [0, -1])
def test_a_set_of_no_sequences_is_refused(count):
    with pytest.raises(ValueError, match=f"a set needs at least 1 sequence, got count={count}"):
        fixed_set(TASK, (2, 8), count)
