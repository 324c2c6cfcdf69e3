"""Sequences read from a file."""

import re
from pathlib import Path

import numpy as np
import pytest

from neuralstack import Reversal, evaluate, fixed_set, read_data
from small import json_lines

pytest_plugins = ("small_runs",)

TASK = Reversal(8)


def pairs_of(data):
    """The sources and targets of formatted examples, as lists of plain numbers."""
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
