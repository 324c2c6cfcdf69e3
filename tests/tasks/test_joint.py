import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neuralstack.tasks._joint import joint_layout, joint_steps, marks

START, SEPARATOR, END = marks(10)
SOURCE, TARGET = jnp.array([1, 2, 3, 4]), jnp.array([5, 6, 7])
layout = jax.jit(joint_layout, static_argnums=4)


def test_the_marks_follow_the_symbols():
    assert (START, SEPARATOR, END) == (10, 11, 12)


@pytest.mark.parametrize("source_length", [0, 1, 4])
@pytest.mark.parametrize("target_length", [0, 1, 3])
def test_a_pair_of_any_two_lengths_is_start_source_separator_target_end(source_length, target_length):
    example = layout(SOURCE, source_length, TARGET, target_length, 10)
    source, target = SOURCE[:source_length].tolist(), TARGET[:target_length].tolist()
    tokens = [START, *source, SEPARATOR, *target, END]
    padded = tokens + [END] * (joint_steps(4, 3) + 1 - len(tokens))
    assert example.inputs.tolist() == padded[:-1]
    assert example.targets.tolist() == padded[1:]
    first = len(source) + 1  # where the separator is given
    assert np.flatnonzero(example.mask).tolist() == list(range(first, first + len(target) + 1))
    assert joint_steps(source_length, target_length) == len(tokens) - 1


def test_tokens_beyond_the_lengths_do_not_matter():
    wanted = layout(SOURCE, 2, TARGET, 1, 10)
    got = layout(SOURCE.at[2:].set(9), 2, TARGET.at[1:].set(9), 1, 10)
    for one, other in zip(got, wanted, strict=True):
        np.testing.assert_array_equal(one, other)
