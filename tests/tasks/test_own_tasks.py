"""A user's own tasks: a plain function, pairs of data, and the names by which they are found."""

import json
from dataclasses import replace

import jax
import numpy as np
import pytest

from cases import quick
from neuralstack import TASKS, FunctionTask, PairTask, fixed_set
from neuralstack.tasks import task_from_name

WORDS = [(["the", "cat"], ["cat", "the"]), (["a", "dog", "ran"], ["ran", "dog", "a"])]
REVERSED = [("abc", "cba"), ("ab", "ba"), ("b", "b"), ("aacb", "bcaa")]


def backwards(source):
    return source[::-1]


def written(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def answered(task, examples):
    """The answers in examples of an autoregressive task, as symbol numbers."""
    return [
        (row[mask][:-1]).tolist()
        for row, mask in zip(np.asarray(examples.targets), np.asarray(examples.mask), strict=True)
    ]


# Functions, and the lengths of their answers.
FUNCTIONS = {
    "the last": (lambda source: source[-1:], lambda size: 1),
    "backwards": (backwards, lambda size: size),
    "twice": (lambda source: source + source, lambda size: 2 * size),
    "one more": (lambda source: [*source, "a"], lambda size: size + 1),
}


@pytest.mark.parametrize("name", quick(FUNCTIONS, "the last", "twice"))
def test_a_task_of_a_function_gives_its_answers(name):
    function, length = FUNCTIONS[name]
    task = FunctionTask(function, "abc", train_lengths=(1, 6), test_lengths=(7, 9))
    data = fixed_set(task, (1, 6), 20)
    for inputs, size, answer in zip(
        np.asarray(data.examples.inputs), data.lengths, answered(task, data.examples), strict=True
    ):
        source = inputs[1 : 1 + int(size)].tolist()
        assert answer == task.answer(source)
        assert len(answer) == length(int(size)) == task.answer_length(int(size))


def test_a_function_may_answer_with_any_number_of_symbols():
    task = FunctionTask(lambda source: [s for s in source if s != "a"] or ["b"], "abc", train_lengths=(1, 6))
    data = fixed_set(task, (1, 6), 20)
    lengths = {len(answer) for answer in answered(task, data.examples)}
    assert len(lengths) > 2


def test_a_function_task_draws_the_same_from_the_same_key():
    task = FunctionTask(backwards, "ab", max_length=8)
    one, other = (jax.jit(task.sample)(jax.random.key(3), 5) for _ in range(2))
    assert np.array_equal(one.targets, other.targets)


def test_a_function_defined_again_is_another_task():
    tasks = [FunctionTask(lambda source: source[-1:]), FunctionTask(lambda source: source[:1])]
    assert tasks[0] != tasks[1]
    assert tasks[0] == replace(tasks[0])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FunctionTask(lambda source: ["z"], "ab"), "with 'z', which is not one of its symbols"),
        (lambda: FunctionTask(lambda source: [], "ab"), "with nothing: it must return a list of at least one"),
        (lambda: FunctionTask(lambda source: 1 / 0, "ab"), "failed on .* \\(ZeroDivisionError"),
        (lambda: FunctionTask(backwards, "aa"), "each only once"),
        (lambda: FunctionTask(backwards, format="blank"), "format must be one of autoregressive, query"),
        (lambda: FunctionTask(backwards, train_lengths=(5, 2)), "train_lengths must be two numbers in order"),
        (
            lambda: FunctionTask(lambda source: source[: 1 + (source[0] == "a")], "ab", format="query"),
            "use the format autoregressive",
        ),
        (lambda: PairTask([]), "at least one pair"),
        (lambda: PairTask([("ab", "")]), "the target of pair 1 has no symbol"),
        (lambda: PairTask([("ab", "c")], vocabulary="ab"), "the symbol 'c', which is not in the vocabulary"),
        (lambda: PairTask(REVERSED, split="dev"), "split must be one of train, validation, test"),
    ],
)
def test_an_impossible_task_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


PAIRS = {"strings": REVERSED, "words": WORDS, "ids": [([2, 0], [0, 2]), ([1], [1])]}


@pytest.mark.parametrize("kind", quick(PAIRS, "words"))
def test_what_is_drawn_of_pairs_are_the_pairs(kind):
    task = PairTask(PAIRS[kind])
    known = {(tuple(source), tuple(target)) for source, target, _ in task.pairs.rows}
    data = fixed_set(task, task.train_lengths, 30)
    for inputs, size, answer in zip(
        np.asarray(data.examples.inputs), data.lengths, answered(task, data.examples), strict=True
    ):
        assert (tuple(inputs[1 : 1 + int(size)].tolist()), tuple(answer)) in known


def test_a_source_is_in_one_split_whatever_else_there_is():
    strings = [format(number, "08b") for number in range(200)]
    one, other = (
        {source: split for source, _, split in PairTask([(s, s) for s in chosen]).pairs.rows}
        for chosen in (strings, strings[50:])
    )
    assert all(one[source] == split for source, split in other.items())
    assert set(one.values()) == {"train", "validation", "test"}


def test_training_and_validation_draw_from_their_own_splits(tmp_path):
    rows = [{"source": "aa", "target": "b", "split": "train"}, {"source": "bb", "target": "a", "split": "validation"}]
    task = PairTask(written(tmp_path / "pairs.jsonl", rows))
    for split, drawn in ((task, "aa"), (task.to_validate, "bb")):
        assert jax.jit(split.sample)(jax.random.key(0), 2).inputs[1:3].tolist() == task.encode(drawn)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ('{"source": "ab"}', "line 1 of .* is broken"),
        ('{"source": "ab", "target": "b"}\n[1]', "line 2 of .* is broken"),
        ('{"source": "ab", "target": ["b"]}', "must both be strings"),
        ('{"source": "ab", "target": ""}', "not empty"),
        ('{"source": "ab", "target": "b", "split": "dev"}', "its split must be one of train"),
        ('{"source": "ab", "target": "b"}\n{"source": [1], "target": [2]}', "of different kinds, a string on line 1"),
        ("\n", "is empty"),
        ("[" * 100_000, "line 1 of .* is broken"),
    ],
)
def test_a_broken_file_of_pairs_is_refused_by_line(tmp_path, lines, message):
    (tmp_path / "pairs.jsonl").write_text(lines)
    with pytest.raises(ValueError, match=message):
        PairTask(tmp_path / "pairs.jsonl")


@pytest.mark.parametrize(("name", "message"), [("missing.jsonl", "cannot read"), ("", "not a regular file")])
def test_what_is_no_file_of_pairs_is_refused(tmp_path, name, message):
    with pytest.raises(ValueError, match=message):
        PairTask(tmp_path / name)


OWN = """
import neuralstack as ns

def last(source):
    return source[-1:]

first = ns.FunctionTask(lambda source: source[:1], alphabet="xyz")
number = 3
"""


@pytest.fixture
def own(tmp_path):
    (tmp_path / "tasks.py").write_text(OWN)
    return tmp_path / "tasks.py"


def test_a_task_is_named_in_a_file(own):
    task = task_from_name(f"{own}:last", TASKS, 12)
    assert task.max_length == 12
    assert task.answer([0, 1, 2]) == [2]
    assert task_from_name(f"{own}:first", TASKS).vocabulary == ("x", "y", "z")
    assert task_from_name("copy", TASKS, 5) == TASKS["copy"](max_length=5)


def test_a_file_that_was_edited_is_read_again(own):
    task_from_name(f"{own}:last", TASKS)
    own.write_text(OWN.replace("-1:", ":1"))
    assert task_from_name(f"{own}:last", TASKS).answer([0, 1, 2]) == [0]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("copi", "unknown task 'copi': did you mean 'copy'"),
        ("missing.py:last", "there is no file 'missing.py'"),
        ("no_such_module:last", "the module 'no_such_module' cannot be imported"),
        ("{own}:lost", "has no 'lost': did you mean 'last'"),
        ("{own}:number", "is not a task but 3"),
        ("pairs", "is made of a file of JSON lines, .*: give its path, as in configure"),
    ],
)
def test_a_name_without_a_task_is_refused(own, name, message):
    with pytest.raises(ValueError, match=message):
        task_from_name(name.format(own=own), TASKS)
