from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import quick
from neuralstack.tasks import Autoregressive, Pair, QueryTokens, Synchronous

SOURCE, TARGET = jnp.array([1, 2, 3, 4]), jnp.array([5, 6, 7])
lengths = pytest.mark.parametrize(("source_length", "target_length"), [(0, 0), (0, 3), (1, 1), (4, 0), (4, 3)])


@partial(jax.jit, static_argnums=0)
def format_pair(format, *pair):
    """Lay out a pair whose whole answer is scored."""
    return format.format_pair(Pair(*pair), jnp.arange(len(pair[2])) < pair[3])


def parts(source_length, target_length):
    return SOURCE[:source_length].tolist(), TARGET[:target_length].tolist()


@lengths
def test_joint_is_start_source_separator_target_end(source_length, target_length):
    format, (source, target) = Autoregressive(10), parts(source_length, target_length)
    example = format_pair(format, SOURCE, source_length, TARGET, target_length)
    tokens = [10, *source, 11, *target, 12]
    padded = tokens + [12] * (format.steps(4, 3) + 1 - len(tokens))
    assert (example.inputs.tolist(), example.targets.tolist()) == (padded[:-1], padded[1:])
    first = format.first_answer(len(source))
    assert np.flatnonzero(example.mask).tolist() == list(range(first, first + len(target) + 1))
    assert format.steps(source_length, target_length) == len(tokens) - 1
    assert format.prompt(source, target_length) == tokens[: len(source) + 2]


@lengths
def test_blanks_are_the_source_and_a_blank_for_each_symbol_of_the_answer(source_length, target_length):
    format, (source, target) = QueryTokens(10), parts(source_length, target_length)
    example = format_pair(format, SOURCE, source_length, TARGET, target_length)
    used = len(source) + len(target)
    assert example.inputs.tolist() == source + [10] * (7 - len(source))
    assert example.targets.tolist() == [10] * len(source) + target + [10] * (7 - used)
    assert np.flatnonzero(example.mask).tolist() == list(range(len(source), used))
    assert format.steps(source_length, target_length) == used
    assert format.prompt(source, target_length) == example.inputs.tolist()[:used]


@pytest.mark.parametrize("length", [0, 1, 4])
def test_stepwise_answers_each_symbol_as_it_is_given(length):
    format, answers = Synchronous(10), SOURCE + 4
    example = format_pair(format, SOURCE, length, answers, length)
    blanks = [10] * (4 - length)
    assert example.inputs.tolist() == SOURCE[:length].tolist() + blanks
    assert example.targets.tolist() == answers[:length].tolist() + blanks
    assert example.mask.tolist() == [True] * length + [False] * (4 - length)
    assert format.steps(length, length) == length
    assert format.prompt([1, 2], 2) == [1, 2]


@pytest.mark.parametrize("format", quick([Autoregressive(10), QueryTokens(10), Synchronous(10)], Autoregressive(10)))
def test_only_what_is_scored_of_an_answer_counts(format):
    scored = jnp.array([True, False, True])
    pair = Pair(SOURCE[:3], 3, TARGET, 3)
    first = format.first_answer(3)
    assert format.format_pair(pair, scored).mask[first : first + 3].tolist() == [True, False, True]


@pytest.mark.parametrize("format", [Autoregressive(10), QueryTokens(10), Synchronous(10)])
def test_symbols_beyond_the_lengths_do_not_matter(format):
    wanted = format_pair(format, SOURCE[:3], 2, TARGET, 2)
    got = format_pair(format, SOURCE[:3].at[2:].set(9), 2, TARGET.at[2:].set(9), 2)
    for one, other in zip(got, wanted, strict=True):
        np.testing.assert_array_equal(one, other)
