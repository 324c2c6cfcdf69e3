from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neuralstack.tasks import Blanks, Joint, Stepwise
from neuralstack.tasks._layouts import Pair

SOURCE, TARGET = jnp.array([1, 2, 3, 4]), jnp.array([5, 6, 7])
lengths = pytest.mark.parametrize(("source_length", "target_length"), [(0, 0), (0, 3), (1, 1), (4, 0), (4, 3)])


@partial(jax.jit, static_argnums=0)
def lay_out(layout, *pair):
    """Lay out a pair whose whole answer counts."""
    return layout.lay_out(Pair(*pair), jnp.arange(len(pair[2])) < pair[3])


def parts(source_length, target_length):
    return SOURCE[:source_length].tolist(), TARGET[:target_length].tolist()


@lengths
def test_joint_is_start_source_separator_target_end(source_length, target_length):
    layout, (source, target) = Joint(10), parts(source_length, target_length)
    example = lay_out(layout, SOURCE, source_length, TARGET, target_length)
    tokens = [10, *source, 11, *target, 12]
    padded = tokens + [12] * (layout.steps(4, 3) + 1 - len(tokens))
    assert (example.inputs.tolist(), example.targets.tolist()) == (padded[:-1], padded[1:])
    first = layout.first_answer(len(source))
    assert np.flatnonzero(example.mask).tolist() == list(range(first, first + len(target) + 1))
    assert layout.steps(source_length, target_length) == len(tokens) - 1
    assert layout.prompt(source, target_length) == tokens[: len(source) + 2]


@lengths
def test_blanks_are_the_source_and_a_blank_for_each_symbol_of_the_answer(source_length, target_length):
    layout, (source, target) = Blanks(10), parts(source_length, target_length)
    example = lay_out(layout, SOURCE, source_length, TARGET, target_length)
    used = len(source) + len(target)
    assert example.inputs.tolist() == source + [10] * (7 - len(source))
    assert example.targets.tolist() == [10] * len(source) + target + [10] * (7 - used)
    assert np.flatnonzero(example.mask).tolist() == list(range(len(source), used))
    assert layout.steps(source_length, target_length) == used
    assert layout.prompt(source, target_length) == example.inputs.tolist()[:used]


@pytest.mark.parametrize("length", [0, 1, 4])
def test_stepwise_answers_each_symbol_as_it_is_given(length):
    layout, answers = Stepwise(10), SOURCE + 4
    example = lay_out(layout, SOURCE, length, answers, length)
    blanks = [10] * (4 - length)
    assert example.inputs.tolist() == SOURCE[:length].tolist() + blanks
    assert example.targets.tolist() == answers[:length].tolist() + blanks
    assert example.mask.tolist() == [True] * length + [False] * (4 - length)
    assert layout.steps(length, length) == length
    assert layout.prompt([1, 2], 2) == [1, 2]


@pytest.mark.parametrize("layout", [Joint(10), Blanks(10), Stepwise(10)])
def test_only_what_is_scored_of_an_answer_counts(layout):
    scored = jnp.array([True, False, True])
    pair = Pair(SOURCE[:3], 3, TARGET, 3)
    first = layout.first_answer(3)
    assert layout.lay_out(pair, scored).mask[first : first + 3].tolist() == [True, False, True]


@pytest.mark.parametrize("layout", [Joint(10), Blanks(10), Stepwise(10)])
def test_symbols_beyond_the_lengths_do_not_matter(layout):
    wanted = lay_out(layout, SOURCE[:3], 2, TARGET, 2)
    got = lay_out(layout, SOURCE[:3].at[2:].set(9), 2, TARGET.at[2:].set(9), 2)
    for one, other in zip(got, wanted, strict=True):
        np.testing.assert_array_equal(one, other)
