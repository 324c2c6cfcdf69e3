from functools import cache

import jax
import numpy as np
import pytest

from cases import EVERY_TASK, TASKS_UNDER_TEST
from neuralstack.tasks import Autoregressive

LONGEST = 7
LENGTHS = np.arange(280) % LONGEST + 1
LOOKED_AT = 35
# Of the module's scope, so that all tests of a task come together, and its program is compiled once.
every_task = pytest.mark.parametrize("name", EVERY_TASK, scope="module")


@cache
def build(name):
    return TASKS_UNDER_TEST[name](max_length=LONGEST)


@cache
def program(name):
    task = build(name)

    def draw(key, length):
        pair = task.draw(key, length)
        return pair, task.format.format_pair(pair, task.scored(pair)), task.sample(key, length)

    return jax.jit(jax.vmap(draw))


@cache
def samples(name, seed=0):
    """Pairs of every length in turn, as lists, their examples, and what the task samples from the same keys."""
    keys = jax.random.split(jax.random.key(seed), len(LENGTHS))
    pairs, *examples = jax.device_get(program(name)(keys, LENGTHS))
    drawn = zip(*(np.broadcast_to(part, (len(LENGTHS), *np.shape(part)[1:])) for part in pairs), strict=True)
    return [(source[:n].tolist(), target[:m].tolist()) for source, n, target, m in drawn], *examples


def looked_at(name):
    """Some lengths, pairs and examples."""
    pairs, examples, _ = samples(name)
    for row, (source, target) in enumerate(pairs[:LOOKED_AT]):
        yield int(LENGTHS[row]), source, target, jax.tree.map(lambda leaf, row=row: leaf[row], examples)


@every_task
def test_a_pair_is_a_source_of_symbols_and_its_answer(name):
    task = build(name)
    for (source, target), length in zip(samples(name)[0], LENGTHS, strict=True):
        assert len(source) == task.source_length(length)
        assert all(0 <= symbol < task.symbols for symbol in source + target)
        assert target == task.answer(source)
        assert len(target) == task.answer_length(len(source))


@every_task
def test_a_sample_gives_the_prompt_and_asks_for_the_answer(name):
    task = build(name)
    for _, source, target, example in looked_at(name):
        prompt, first = task.prompt(source), task.format.first_answer(len(source))
        assert example.inputs[: len(prompt)].tolist() == prompt
        wanted = [*target] if task.end is None else [*target, task.end]
        assert example.targets[first : first + len(wanted)].tolist() == wanted
        assert example.mask.any()
        assert not example.mask[:first].any()
        assert not example.mask[first + len(wanted) :].any()
        if isinstance(task.format, Autoregressive):
            assert example.inputs[first + 1 : first + len(wanted)].tolist() == target
        assert task.encode(task.decode(source)) == source


@every_task
def test_a_sample_is_padded_to_the_steps_of_its_task_and_padding_is_not_scored(name):
    task = build(name)
    last = task.vocab_size - 1
    for length, _, _, example in looked_at(name):
        used = int(task.used_steps(length))
        assert used <= task.steps == task.used_steps(LONGEST)
        assert not example.mask[used:].any()
        assert example.inputs[used:].tolist() == example.targets[used:].tolist() == [last] * (task.steps - used)
        assert example.inputs.shape == example.targets.shape == example.mask.shape == (task.steps,)


@every_task
def test_a_given_pair_is_laid_out_like_a_sample(name):
    task = build(name)
    for _, source, target, example in list(looked_at(name))[:LONGEST]:
        for one, other in zip(task.example(source, target), example, strict=True):
            np.testing.assert_array_equal(one, other)
            assert one.dtype == other.dtype


@every_task
def test_a_pair_that_does_not_fit_is_refused(name):
    task = build(name)
    longest = task.source_length(LONGEST)
    wanted = (
        rf"max_length={LONGEST} has room for a source of {longest} symbols and an answer of .* got {longest + 1} and 1"
    )
    with pytest.raises(ValueError, match=wanted):
        task.example([0] * (longest + 1), [0])


@every_task
def test_a_sample_follows_from_its_key(name):
    first, other, again = samples(name)[0], samples(name, 1)[0], samples.__wrapped__(name)[0]
    assert first == again != other
    assert len({tuple(source) for source, _ in first}) > 8


@every_task
def test_a_sample_of_any_length_is_the_laid_out_pair_with_one_compilation(name):
    _, laid_out, sampled = samples(name)
    for one, other in zip(sampled, laid_out, strict=True):
        np.testing.assert_array_equal(one, other)
    assert program(name)._cache_size() == 1


@every_task
def test_every_symbol_survives_decoding_and_encoding(name):
    task = build(name)
    symbols = list(range(task.symbols))
    assert task.encode(task.decode(symbols)) == symbols


@every_task
def test_every_token_can_be_read_and_the_end_by_its_name(name):
    task = build(name)
    vocabulary = [task.decode([token]) for token in range(task.vocab_size)]
    assert len(set(vocabulary)) == task.vocab_size
    if task.end is not None:
        assert vocabulary[task.end] == "<end>"


@every_task
def test_text_that_is_empty_or_unknown_is_refused(name):
    task = build(name)
    with pytest.raises(ValueError, match=r"the text is empty: give at least one (character|word)\."):
        task.encode("")
    known = task.decode([0, 0])
    space = "" if len(known) == 2 else " "
    with pytest.raises(ValueError, match=r"unknown symbol 'é' at (character|word) 3 of the text: this task knows the"):
        task.encode(known + space + "é" + space + known)


@every_task
def test_a_task_without_room_for_one_symbol_is_refused(name):
    with pytest.raises(ValueError, match="at least 1 symbol, got max_length=0"):
        TASKS_UNDER_TEST[name](max_length=0)


@every_task
def test_equal_tasks_are_the_same_static_argument(name):
    one, other = TASKS_UNDER_TEST[name](max_length=LONGEST), TASKS_UNDER_TEST[name](max_length=LONGEST)
    assert one == other
    assert hash(one) == hash(other)
    assert one != TASKS_UNDER_TEST[name](max_length=LONGEST + 1)


@every_task
def test_published_lengths_are_in_order_and_tested_beyond_training(name):
    low, high = build(name).train_lengths
    assert 1 <= low <= high < build(name).test_lengths[0] <= build(name).test_lengths[1]


@pytest.mark.parametrize("name", ["reversal"])
def test_every_symbol_is_drawn_about_equally_often(name):
    drawn = np.concatenate([source for source, _ in samples(name)[0]])
    counts, mean = np.bincount(drawn, minlength=build(name).symbols), drawn.size / build(name).symbols
    assert mean > 50
    assert np.abs(counts - mean).max() < 5 * mean**0.5
