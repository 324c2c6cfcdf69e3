"""Runs of a task in the user's own file: it is executed only where the user names it."""

import json
import subprocess

import pytest

from neuralstack import configure, resume, train
from neuralstack.cli import main
from neuralstack.training import Run
from small import command

TINY = {"hidden_dim": 8, "memory_dim": 8, "batch_size": 4, "max_steps": 2, "evaluate_every": 2, "max_length": 4}
SOURCE = """from pathlib import Path
Path("executed").touch()


def last(source):
    return source[-1:]
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    place = tmp_path_factory.mktemp("own")
    (place / "own_last.py").write_text(SOURCE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        train(configure("own_last.py:last", **TINY), "run", show=False)
    return place


@pytest.fixture
def place(trained, monkeypatch):
    monkeypatch.chdir(trained)
    (trained / "executed").unlink(missing_ok=True)
    return trained


def test_its_machine_is_loaded_without_its_task(place):
    code = "import neuralstack as ns; print(ns.load('run').vocab_size)"
    done = subprocess.run([command()[0], "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "7\n"  # abcd, and three marks
    assert not (place / "executed").exists()


@pytest.mark.parametrize(
    "typed", ["evaluate run", "predict run ab", "harden run", "trace run ab", "train --resume run"]
)
def test_a_command_executes_it_only_if_it_is_named(place, capsys, typed):
    with pytest.raises(SystemExit) as stop:
        main(typed.split())
    assert stop.value.code == 2
    assert "'own_last.py:last', which is not one of the library's: name it too" in capsys.readouterr().err
    assert not (place / "executed").exists()


def test_a_command_takes_its_name(place, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["evaluate", "run", "--task", "own_last.py:last", "--count", "5", "--json"])
    assert stop.value.code == 0
    assert set(json.loads(capsys.readouterr().out)) >= {"coarse", "fine", "token"}


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
