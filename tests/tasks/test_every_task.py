from functools import cache
from itertools import islice

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import TASKS_UNDER_TEST
from neuralstack import Example

LONGEST = 6
every_task = pytest.mark.parametrize("name", TASKS_UNDER_TEST)


LENGTHS = np.arange(2000) % LONGEST + 1


def build(name):
    return TASKS_UNDER_TEST[name](max_length=LONGEST)


@cache
def sampler(name):
    return jax.jit(jax.vmap(build(name).sample))


def draw(name, seed=0):
    """Samples of every length in turn."""
    keys = jax.random.split(jax.random.key(seed), len(LENGTHS))
    return jax.device_get(sampler(name)(keys, jnp.asarray(LENGTHS)))


def sources_and_examples(name):
    """Some samples, each with the source that can be read from its inputs."""
    for row, example in enumerate(zip(*(leaf[:30] for leaf in draw(name)), strict=True)):
        inputs, _, _ = example
        yield inputs[1 : 1 + LENGTHS[row]].tolist(), Example(*example)


@every_task
def test_a_sample_asks_for_the_answer_to_its_source_and_its_end(name):
    task = build(name)
    for source, example in sources_and_examples(name):
        answer = task.answer(source)
        assert all(0 <= symbol < task.symbols for symbol in source + answer)
        assert example.targets[example.mask].tolist() == [*answer, task.end]
        assert example.mask.sum() == len(answer) + 1


@every_task
def test_a_sample_gives_the_prompt_and_then_the_answer_so_far(name):
    task = build(name)
    for source, example in sources_and_examples(name):
        first = example.mask.argmax()
        assert example.inputs[: first + 1].tolist() == task.prompt(source)
        assert example.inputs[example.mask][1:].tolist() == task.answer(source)
        assert task.encode(task.decode(source)) == source


@every_task
def test_a_sample_is_padded_to_the_steps_of_its_task_and_padding_is_not_scored(name):
    task = build(name)
    for source, example in sources_and_examples(name):
        used = int(task.used_steps(len(source)))
        assert np.flatnonzero(example.mask)[-1] + 1 == used <= task.steps
        assert example.inputs[used:].tolist() == example.targets[used:].tolist() == [task.end] * (task.steps - used)
        assert example.inputs.shape == example.targets.shape == example.mask.shape == (task.steps,)
    assert task.used_steps(LONGEST) == task.steps


@every_task
def test_a_given_pair_is_laid_out_like_a_sample(name):
    task = build(name)
    for source, example in islice(sources_and_examples(name), 0, LONGEST, 3):
        given = task.example(source, task.answer(source))
        for one, other in zip(given, example, strict=True):
            np.testing.assert_array_equal(one, other)
            assert one.dtype == other.dtype


@every_task
def test_a_sample_follows_from_its_key(name):
    first, again, other = (draw(name, seed).inputs for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert len(np.unique(first, axis=0)) > len(LENGTHS) / 4


@every_task
def test_a_length_known_at_run_time_gives_the_same_sample_with_one_compilation(name):
    task, key = build(name), jax.random.key(0)
    sample = jax.jit(task.sample)
    for length in (1, LONGEST):
        for traced, known in zip(sample(key, length), task.sample(key, length), strict=True):
            np.testing.assert_array_equal(traced, known)
    assert sample._cache_size() == 1


@every_task
def test_every_symbol_is_drawn_about_equally_often(name):
    task, inputs = build(name), draw(name).inputs
    drawn = inputs[inputs < task.symbols]
    counts, mean = np.bincount(drawn, minlength=task.symbols), drawn.size / task.symbols
    assert mean > 50
    assert np.abs(counts - mean).max() < 5 * mean**0.5


@every_task
def test_the_whole_alphabet_survives_decoding_and_encoding(name):
    task = build(name)
    text = task.decode(list(range(task.symbols)))
    assert len(set(text)) == len(text) == task.symbols
    assert task.encode(text) == list(range(task.symbols))


@every_task
def test_every_token_can_be_read_and_the_end_by_its_name(name):
    task = build(name)
    words = [task.decode([token]) for token in range(task.vocabulary)]
    assert len(set(words)) == task.vocabulary
    assert words[task.end] == "<end>"


@every_task
def test_text_that_is_empty_or_unknown_is_refused(name):
    task = build(name)
    with pytest.raises(ValueError, match=r"the text is empty: give at least one character\."):
        task.encode("")
    known = task.decode([0])
    with pytest.raises(ValueError, match="unknown symbol 'é' at character 3 of the text: this task knows the"):
        task.encode(known * 2 + "é" + known)


@every_task
def test_a_task_without_room_for_one_symbol_is_refused(name):
    with pytest.raises(ValueError, match="at least 1 symbol, got max_length=0"):
        TASKS_UNDER_TEST[name](max_length=0)


@every_task
def test_equal_tasks_are_the_same_static_argument(name):
    assert build(name) == build(name)
    assert hash(build(name)) == hash(build(name))
    assert build(name) != TASKS_UNDER_TEST[name](max_length=LONGEST + 1)


@every_task
def test_published_lengths_are_in_order_and_tested_beyond_training(name):
    low, high = build(name).train_lengths
    assert 1 <= low <= high < build(name).test_lengths[0] <= build(name).test_lengths[1]
