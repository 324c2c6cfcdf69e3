"""Runs of the task that reads a file of pairs, from training to trace."""

import json
import re

import pytest

import neuralstack as ns
from cases import quick
from neuralstack.cli import main
from small import untrained_run

TINY = {"hidden_dim": 8, "memory_dim": 8, "batch_size": 4, "max_steps": 2, "evaluate_every": 2}
SOURCES = [format(number, "b") for number in range(1, 64)]
KINDS = {
    "strings": [(source, source[::-1]) for source in SOURCES],
    "words": [([{"0": "no", "1": "yes"}[s] for s in source], ["yes", "no"]) for source in SOURCES],
    "ids": [([int(s) for s in source], [2, 12]) for source in SOURCES],
}
TEXTS = {"strings": "101", "words": "yes no", "ids": "1 0 12"}


def write(path, pairs, splits=None):
    rows = [{"source": source, "target": target} for source, target in pairs]
    for row, split in zip(rows, splits or [], strict=False):
        row["split"] = split
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture(scope="module", params=quick(KINDS, "words"))
def untrained(request, tmp_path_factory):
    place = tmp_path_factory.mktemp(request.param)
    write(place / "pairs.jsonl", KINDS[request.param])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        untrained_run("run", ns.configure("pairs", pairs="pairs.jsonl", **TINY))
    return place, request.param


@pytest.fixture
def place(untrained, monkeypatch):
    monkeypatch.chdir(untrained[0])
    return untrained[0]


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        main([*map(str, arguments)])
    output = capsys.readouterr()
    return stop.value.code, output.out, output.err


def test_every_pair_of_the_test_split_is_evaluated_by_length(place, capsys):
    report = json.loads(run(capsys, "evaluate", "run", "--json")[1])
    rows = ns.PairTask.from_file("pairs.jsonl").pairs.rows_of("test")
    sizes = [len(source) for source, _, _ in rows]
    assert {int(size): of["sequences"] for size, of in report["by_length"].items()} == {
        size: sizes.count(size) for size in sizes
    }


def test_other_data_and_other_lengths_are_evaluated(place, untrained, capsys):
    write(place / "other.jsonl", KINDS[untrained[1]][:5])
    report = json.loads(run(capsys, "evaluate", "run", "--data", "other.jsonl", "--json")[1])
    assert sum(of["sequences"] for of in report["by_length"].values()) == 5
    report = json.loads(run(capsys, "evaluate", "run", "--lengths", 4, 5, "--count", 2, "--json")[1])
    assert set(report["by_length"]) <= {"4", "5"}
    assert sum(of["sequences"] for of in report["by_length"].values()) <= 2
    status, _, error = run(capsys, "evaluate", "run", "--lengths", 40, 50)
    assert status == 2
    assert "the data has no pair of lengths 40-50 for tests" in error


COMMANDS = {
    "predict": ["predict", "run", "TEXT"],
    "trace": ["trace", "run", "TEXT"],
    "harden": ["harden", "run", "--count", 5, "--sequences", 5],
}


@pytest.mark.parametrize("command", quick(COMMANDS, "predict"))
def test_a_command_works_with_and_without_the_data(place, untrained, command, capsys):
    arguments = [TEXTS[untrained[1]] if argument == "TEXT" else argument for argument in COMMANDS[command]]
    for moved in (False, True):
        if moved:
            (place / "pairs.jsonl").rename(place / "moved.jsonl")
        status, _, error = run(capsys, *arguments)
        # A machine that was trained this little may have no program.
        assert status == 0 or (command == "harden" and "pairs.jsonl" not in error and "unknown option" not in error)
    (place / "moved.jsonl").rename(place / "pairs.jsonl")


def test_an_evaluation_without_the_data_names_the_file(place, capsys):
    (place / "pairs.jsonl").rename(place / "moved.jsonl")
    status, _, error = run(capsys, "evaluate", "run")
    (place / "moved.jsonl").rename(place / "pairs.jsonl")
    assert status == 2
    assert f"cannot read the file of pairs 'pairs.jsonl', looked for in {str(place)!r} (No such file" in error


def test_a_run_is_resumed_only_with_the_data_it_was_begun_with(place):
    content = (place / "pairs.jsonl").read_text()
    (place / "pairs.jsonl").write_text(content.partition("\n")[2])
    with pytest.raises(ValueError, match=r"the data of 'run', 'pairs\.jsonl', has changed since its training"):
        ns.resume("run", max_steps=3, show=False)
    (place / "pairs.jsonl").write_text(content)


@pytest.mark.slow
def test_a_run_is_resumed_with_its_data(place):
    assert ns.resume("run", max_steps=3, show=False).steps == 3


def test_the_test_split_is_that_of_the_data(tmp_path):
    write(tmp_path / "pairs.jsonl", [("a", "b"), ("bb", "a"), ("aaa", "b")], ["train", "validation", "test"])
    task = ns.PairTask.from_file(tmp_path / "pairs.jsonl")
    assert (task.train_lengths, task.test_lengths) == ((1, 1), (3, 3))
    assert set(ns.fixed_set(task.to_test, (1, 3), 8).lengths.tolist()) == {3}
    assert set(ns.fixed_set(task, (1, 3), 8).lengths.tolist()) == {2}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"source": "ab"}', "line 2 of"),
        ('{"source": "ab", "target": "a", "split": "dev"}', "line 2 of .* its split must be one of"),
        ('{"source": ["ab"], "target": ["a"]}', "of different kinds, a string on line 1 and a list of words on line 2"),
    ],
)
def test_training_on_a_broken_file_names_the_line_and_writes_nothing(tmp_path, capsys, line, message):
    (tmp_path / "pairs.jsonl").write_text(f'{{"source": "ab", "target": "a"}}\n{line}\n')
    status, _, error = run(capsys, "train", "pairs", "--data", tmp_path / "pairs.jsonl", "--out", tmp_path / "run")
    assert status == 2
    assert re.search(message, error)
    assert not (tmp_path / "run").exists()
