"""Runs of a task in the user's own file: it is executed only if the user names it."""

import json
import subprocess

import pytest

from neuralstack import configure, resume
from neuralstack.cli import main
from neuralstack.training import Run
from small import command, untrained_run

TINY = {"hidden_dim": 8, "memory_dim": 8, "batch_size": 4, "max_steps": 2, "evaluate_every": 2, "max_length": 4}
SOURCE = """from pathlib import Path
Path("executed").touch()


def last(source):
    return source[-1:]
"""


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    place = tmp_path_factory.mktemp("own")
    (place / "own_last.py").write_text(SOURCE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        untrained_run("run", configure("own_last.py:last", **TINY))
    return place


@pytest.fixture
def place(untrained, monkeypatch):
    monkeypatch.chdir(untrained)
    (untrained / "executed").unlink(missing_ok=True)
    return untrained


@pytest.mark.slow
def test_its_machine_is_loaded_without_its_task(place):
    code = "import neuralstack as ns; print(ns.load('run').vocab_size)"
    done = subprocess.run([command()[0], "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "7\n"  # abcd, and three marks
    assert not (place / "executed").exists()


@pytest.mark.parametrize(
    ("typed", "mending"),
    [
        ("evaluate run", "add --task own_last.py:last"),
        ("compare run", "add --task own_last.py:last"),
        ("train --resume run", "begin with neuralstack train own_last.py:last"),
        ("train --from run", "begin with neuralstack train own_last.py:last"),
    ],
)
def test_a_command_that_needs_it_executes_it_only_if_it_is_named(place, capsys, typed, mending):
    with pytest.raises(SystemExit) as stop:
        main(typed.split())
    assert stop.value.code == 2
    assert f"'own_last.py:last', which is not one of the library's: {mending} to" in capsys.readouterr().err
    assert not (place / "executed").exists()


@pytest.mark.parametrize(
    "typed",
    [
        "predict run ab",
        "trace run ab",
        "view run --port 70000",
        pytest.param("harden run --count 5 --sequences 5", marks=pytest.mark.slow),
        pytest.param("harden run --count 5 --sequences 5 --data data.jsonl", marks=pytest.mark.slow),
        "evaluate run --data data.jsonl --json",
        pytest.param("evaluate run --data data.jsonl --harden --json", marks=pytest.mark.slow),
    ],
)
def test_a_command_that_can_do_without_it_does_so_even_where_its_file_is_gone(place, capsys, typed):
    (place / "data.jsonl").write_text('{"source": "abca", "target": "a"}\n{"source": [1, 2], "target": ["c"]}\n')
    (place / "own_last.py").rename(place / "moved.py")
    with pytest.raises(SystemExit) as stop:
        main(typed.split())
    (place / "moved.py").rename(place / "own_last.py")
    error = capsys.readouterr().err
    assert not (place / "executed").exists()
    if "view" in typed:
        assert "--port must be in 0..65535" in error
    elif "harden" in typed and "evaluate" not in typed:
        assert "sequences are drawn from" in error  # an untrained machine may or may not harden
    else:
        assert stop.value.code == 0, error


def test_what_is_kept_of_a_task_is_the_task_on_its_examples(place):
    task, kept = Run.open("run").task(task="own_last.py:last"), Run.open("run").usable_task()
    for source, target, _ in kept.pairs.rows:
        assert kept.answer([*source]) == [*target] == task.answer([*source])
        assert kept.prompt([*source]) == task.prompt([*source])
    for name in ("vocabulary", "vocab_size", "steps", "end", "max_length", "test_lengths"):
        assert getattr(kept, name) == getattr(task, name), name
    assert [kept.answer_length(size) for size in (1, 5, 100)] == [task.answer_length(size) for size in (1, 5, 100)]


def test_an_answer_that_is_not_kept_is_refused_with_the_task_to_name(place):
    kept = Run.open("run").usable_task()
    unknown = [0] * (1 + max(len(source) for source, _, _ in kept.pairs.rows))
    with pytest.raises(ValueError, match="Name the run's task, if it has one"):
        kept.answer(unknown)


BROKEN_TASKS = {
    "[]": "it is not the record of a task",
    "{": "is broken",
    "format": "it is not the record of a task",
    "vocabulary": "its vocabulary must be a list of strings",
    "pairs": "its pairs",
    "train_lengths": "its train_lengths",
    "answer_lengths": "its answer_lengths",
    "data_digest": "its data_digest must be a string",
}


@pytest.mark.parametrize("broken", BROKEN_TASKS)
def test_a_broken_record_of_a_task_is_refused_in_one_line(place, tmp_path, broken):
    run = Run(tmp_path)
    record = json.loads((place / "run" / "task.json").read_text())
    run.file("task.json").write_text(json.dumps(record | {broken: [[[99]]]}) if broken in record else broken)
    with pytest.raises(ValueError, match=BROKEN_TASKS[broken]) as raised:
        run.kept_task()
    assert "\n" not in str(raised.value)


def test_a_command_takes_its_name(place, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["evaluate", "run", "--task", "own_last.py:last", "--count", "5", "--json"])
    assert stop.value.code == 0
    assert set(json.loads(capsys.readouterr().out)) >= {"coarse", "fine", "token"}


@pytest.mark.slow
def test_it_is_resumed_by_its_name(place):
    with pytest.raises(ValueError, match="name it too"):
        resume("run", show=False)
    assert resume("run", task="own_last.py:last", max_steps=3, show=False).steps == 3


def test_a_run_of_another_task_than_the_named_one_is_refused(place):
    with pytest.raises(ValueError, match=r"is 'own_last.py:last', not 'reversal': give the task of the run"):
        Run.open("run").config(task="reversal")


def test_a_configuration_of_version_0_1_names_no_file(tmp_path):
    (tmp_path / "config.json").write_text('{"task": "evil.py:last"}')
    with pytest.raises(ValueError, match=r"unknown task 'evil\.py:last'"):
        Run.open(tmp_path).config()
