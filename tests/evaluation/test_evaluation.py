import hashlib
import itertools
import json
import re
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neuralstack import TASKS, Reversal, evaluate, fixed_set, predict, read_data
from neuralstack.evaluation import score
from small import assert_same_leaves, json_lines

pytest_plugins = ("small_runs",)

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


@pytest.mark.parametrize("count", [0, -1])
def test_a_set_of_no_sequences_is_refused(count):
    with pytest.raises(ValueError, match=f"a set needs at least 1 sequence, got count={count}"):
        fixed_set(TASK, (2, 8), count)


def pairs_of(data):
    """The sources and targets of laid-out examples, as lists of plain numbers."""
    for inputs, targets, mask, length in zip(*map(np.asarray, (*data.examples, data.lengths)), strict=True):
        yield inputs[1 : length + 1].tolist(), targets[mask][:-1].tolist()


@pytest.mark.parametrize("name", ["learned_machine", pytest.param("noisy_machine", marks=pytest.mark.slow)])
def test_sequences_read_from_a_file_are_answered_like_those_that_were_written(tmp_path, request, name):
    machine, data = request.getfixturevalue(name), fixed_set(TASK, (2, 8))
    shorter = [pair for pair in pairs_of(data) if len(pair[0]) < 8]  # so that they are padded to other lengths
    file = tmp_path / "data.jsonl"
    file.write_text(json_lines(shorter) + "\n  \n")
    read = read_data(TASK, file)
    assert list(pairs_of(read)) == shorter
    written, found = evaluate(machine, data).by_length, evaluate(machine, read).by_length
    assert found.keys() == set(range(2, 8))
    for length in found:
        assert found[length] == pytest.approx(written[length], rel=1e-4, abs=1e-6)


def test_a_wrong_target_in_a_file_is_scored_as_it_is_given(tmp_path, learned_machine):
    file = tmp_path / "data.jsonl"
    file.write_text(json_lines([([1, 2, 3], [3, 2, 1]), ([1, 2, 3], [3, 1, 2])]))
    report = evaluate(learned_machine, read_data(TASK, file))
    assert report.coarse == 0.5
    assert report.fine == pytest.approx((1 + 1 / 4) / 2)


def test_targets_may_be_longer_or_shorter_than_their_sources(tmp_path):
    file = tmp_path / "data.jsonl"
    file.write_text(json_lines([([1], [5, 6, 7, 8]), ([1, 2, 3], [4])]))
    assert list(pairs_of(read_data(TASK, file))) == [([1], [5, 6, 7, 8]), ([1, 2, 3], [4])]


def test_sequences_are_texts_words_or_numbers(tmp_path):
    file = tmp_path / "data.jsonl"
    file.write_text(json_lines([("ab", ["b", "a"]), ([97, 98], "ba")]))
    assert list(pairs_of(read_data(TASK, file))) == [([97, 98], [98, 97])] * 2


GOOD = '{"source": [1], "target": [1]}'
BROKEN = {
    "no JSON": ('{"source": [1', 'it needs {"source": ..., "target": ...}'),
    "a list": ("[1, 2]", 'it needs {"source": ..., "target": ...}'),
    "a number": ("7", 'it needs {"source": ..., "target": ...}'),
    "no target": ('{"source": [1]}', 'it needs {"source": ..., "target": ...}'),
    "no source": ('{"target": [1]}', 'it needs {"source": ..., "target": ...}'),
    "an empty source": (
        '{"source": [], "target": [1]}',
        "its source must be a string, a list of words or a list of numbers",
    ),
    "an empty target": (
        '{"source": [1], "target": []}',
        "its target must be a string, a list of words or a list of numbers",
    ),
    "an empty text": (
        '{"source": "", "target": [1]}',
        "its source must be a string, a list of words or a list of numbers",
    ),
    "an unknown character": ('{"source": "aé", "target": [1]}', "its source has an unknown symbol 'é' at character 2"),
    "an unknown word": ('{"source": ["ab"], "target": [1]}', "the word 'ab' of its source is not one of"),
    "nested too deeply": ("[" * 100_000, "it needs"),
    "a fraction": (
        '{"source": [1.0], "target": [1]}',
        "its source must be a string, a list of words or a list of numbers",
    ),
    "a truth": ('{"source": [1], "target": [true]}', "its target must be a string, a list of words or a list"),
    "a nothing": (
        '{"source": [1], "target": [null]}',
        "its target must be a string, a list of words or a list of numbers",
    ),
    "a nested list": (
        '{"source": [[1]], "target": [1]}',
        "its source must be a string, a list of words or a list of numbers",
    ),
    "START": ('{"source": [128], "target": [1]}', "symbol 128 of its source is not in 0..127"),
    "a negative symbol": ('{"source": [1], "target": [5, -1]}', "symbol -1 of its target is not in 0..127"),
    "a huge symbol": ('{"source": [1' + "0" * 30 + '], "target": [1]}', "of its source is not in 0..127"),
}


@pytest.mark.parametrize(("line", "text"), BROKEN.values(), ids=BROKEN)
def test_a_broken_line_of_a_data_file_is_named(tmp_path, line, text):
    file = tmp_path / "data.jsonl"
    file.write_text(f"{GOOD}\n\n{line}\n{GOOD}\n")
    with pytest.raises(ValueError, match=re.escape(f"line 3 of {str(file)!r} is broken: ")) as refused:
        read_data(TASK, file)
    assert text in str(refused.value)


FILES = {
    "empty": (lambda file: file.write_text(""), "is empty: it needs at least one line with a source and a target"),
    "blank": (lambda file: file.write_text("\n \n"), "is empty: it needs at least one line"),
    "missing": (lambda file: None, "cannot read the data file"),
    "a directory": (Path.mkdir, "cannot read the data file"),
    "no text": (lambda file: file.write_bytes(b"\xff\xfe\x00\x81"), "cannot read the data file"),
}


@pytest.mark.parametrize(("make", "text"), FILES.values(), ids=FILES)
def test_a_file_without_sequences_is_refused(tmp_path, make, text):
    file = tmp_path / "data.jsonl"
    make(file)
    with pytest.raises(ValueError, match=text) as refused:
        read_data(TASK, file)
    assert str(file) in str(refused.value)


@pytest.fixture(scope="module")
def noisy_machine(learned_machine):
    """A machine that learned and then forgot a little: it makes mistakes, most of them late."""
    for seed, noise in itertools.product(range(10), np.linspace(0.02, 0.2, 10)):
        rng = np.random.default_rng(seed)
        noisy = jax.tree.map(
            lambda leaf, noise=noise, rng=rng: leaf + noise * rng.standard_normal(leaf.shape).astype(leaf.dtype),
            learned_machine,
        )
        if 0.1 < evaluate(noisy, fixed_set(TASK, (2, 8))).coarse < 0.7:
            return noisy
    raise AssertionError("no noise makes it forget")


def test_accuracies_by_length_add_up_to_those_of_the_whole_set(noisy_machine):
    data = fixed_set(TASK, (2, 8))
    report = evaluate(noisy_machine, data)
    assert 0.05 < report.coarse < 0.95
    counts = {length: (np.asarray(data.lengths) == length).sum() for length in range(2, 9)}
    assert {length: one["sequences"] for length, one in report.by_length.items()} == counts
    for part in ("coarse", "fine", "token", "loss"):
        whole = sum(one["sequences"] * one[part] for one in report.by_length.values()) / 1000
        assert getattr(report, part) == pytest.approx(whole, rel=1e-5)
    assert report.by_length[8]["fine"] < report.by_length[2]["fine"]


def test_a_report_is_plain_data(noisy_machine):
    report = evaluate(noisy_machine, fixed_set(TASK, (2, 8)))
    again = json.loads(json.dumps(report._asdict()))
    assert again == {**report._asdict(), "by_length": {str(n): one for n, one in report.by_length.items()}}


def first(count):
    return jax.tree.map(lambda leaf: leaf[:count], fixed_set(TASK, (2, 8)))


def test_a_set_that_is_answered_in_batches_is_answered_like_a_whole(noisy_machine):
    data = first(37)
    report = evaluate(noisy_machine, data, batch_size=8)  # five batches, the last one not full
    inputs, targets, mask = (leaf.T for leaf in data.examples)
    chosen = jnp.argmax(jax.jit(lambda machine, inputs: machine.batch(inputs).logits)(noisy_machine, inputs), -1)
    whole = score(chosen == targets, mask)
    assert report[:3] == pytest.approx([float(part.mean()) for part in whole], abs=1e-6)
    assert report.coarse not in (0, 1)


def forced(machine, source):
    """Return the answers of a machine at each scored step, given the right answer, and the fine accuracy."""
    example = TASK.example(source, TASK.answer(source))
    chosen = np.asarray(call(machine, example.inputs).argmax(-1))[np.asarray(example.mask)]
    right = np.cumprod(chosen == np.asarray(example.targets)[np.asarray(example.mask)])
    return chosen.tolist(), int(right.sum())


@jax.jit
def call(machine, inputs):
    return machine(inputs)


@pytest.mark.parametrize("name", ["learned_machine", "noisy_machine"])
def test_a_free_running_machine_answers_as_under_teacher_forcing_up_to_its_first_error(request, name):
    machine, rng = request.getfixturevalue(name), np.random.default_rng(0)
    errors = 0
    for length in [*range(1, 9)] * 3:
        source = rng.integers(0, 128, length).tolist()
        chosen, right = forced(machine, source)
        given = predict(machine, source, TASK)
        tokens = given.tokens + [TASK.end] * given.ended
        assert tokens[: right + 1] == chosen[: right + 1]
        assert ((given.tokens, given.ended) == (TASK.answer(source), True)) is (right == length + 1)
        errors += right <= length
    if name == "noisy_machine":
        assert 0 < errors < 24


def with_bias_of_end(machine, bias):
    return eqx.tree_at(lambda machine: machine.output_bias, machine, machine.output_bias.at[TASK.end].set(bias))


@pytest.mark.parametrize(("limit", "length"), [(None, 2 * 3 + 8), (1, 1), (4, 4), (40, 40)])
def test_a_machine_that_never_ends_its_answer_is_cut_off(learned_machine, limit, length):
    given = predict(with_bias_of_end(learned_machine, -1e9), [5, 6, 7], TASK, limit)
    assert not given.ended
    assert len(given.tokens) == length
    assert given.tokens[:3] == [7, 6, 5][:length]
    assert TASK.end not in given.tokens


def test_a_machine_may_end_its_answer_at_once(learned_machine):
    assert predict(with_bias_of_end(learned_machine, 1e9), [5, 6, 7], TASK) == ("", [], True)


def test_an_answer_that_ends_exactly_at_the_limit_has_ended(learned_machine):
    assert predict(learned_machine, [5, 6, 7], TASK, limit=4).ended
    cut_off = predict(learned_machine, TASK.decode([5, 6, 7]), TASK, limit=3)
    assert (cut_off.tokens, cut_off.ended) == ([7, 6, 5], False)


def test_lengths_that_a_task_does_not_have_are_refused():
    with pytest.raises(ValueError, match="BigramFlip has no source of 9 to 9 symbols"):
        fixed_set(TASKS["bigram-flip"](), (9, 9))


@pytest.mark.parametrize(("source", "message"), [([], "got none"), ([128], "got the symbol 128"), ("", "is empty")])
def test_a_source_that_is_none_of_the_tasks_is_refused(learned_machine, source, message):
    with pytest.raises(ValueError, match=message):
        predict(learned_machine, source, TASK)
