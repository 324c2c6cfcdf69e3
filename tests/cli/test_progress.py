"""Commands that take long say so now and then, where no terminal shows a bar, and end in one line when interrupted."""

import time

import pytest

from neuralstack import evaluate
from small import OPTIONS

pytest_plugins = ("small_runs",)


@pytest.fixture
def impatient(monkeypatch):
    """Have a line every hundredth of a second."""
    monkeypatch.setattr("neuralstack._heartbeat.SECONDS", 0.01)


@pytest.mark.usefixtures("impatient")
def test_a_long_evaluation_says_how_many_sequences_are_answered(call, new_run, monkeypatch):
    def evaluate_slowly(machine, data, progress):
        progress(1, 4)
        time.sleep(0.2)
        return evaluate(machine, data)

    monkeypatch.setattr("neuralstack.evaluation.evaluate", evaluate_slowly)
    status, out, err = call("evaluate", new_run.path, "--count", 4, "--lengths", 2, 3)
    assert status == 0
    assert out.startswith(str(new_run.path)[:20])
    assert f"neuralstack: evaluating {str(new_run.path)!r}: 1 of 4 (0 s)\n" in err


@pytest.mark.usefixtures("impatient")
def test_a_long_training_says_how_many_steps_are_taken(call, tmp_path):
    status, out, err = call(*OPTIONS, "--max-steps", 2, "--evaluate-every", 2, "--out", tmp_path / "run")
    assert status == 0
    assert out.count("\n") == 1
    assert "neuralstack: stack + gru: 2 of 2 steps, loss " in err


@pytest.mark.usefixtures("impatient")
def test_a_hardening_that_is_interrupted_says_so_after_what_it_was_at(call, new_run, monkeypatch):
    def compare_until_ctrl_c(*_):
        time.sleep(0.2)
        raise KeyboardInterrupt

    monkeypatch.setattr("neuralstack.automata.compare", compare_until_ctrl_c)
    status, out, err = call("harden", new_run.path)
    assert (status, out) == (130, "")
    first, *_, last = err.splitlines()
    assert first == "neuralstack: comparing soft and hard (0 s)"
    assert last.startswith("neuralstack: interrupted")


def test_short_work_says_nothing_of_its_progress(call, new_run):
    assert call("evaluate", new_run.path, "--count", 4, "--lengths", 2, 3)[2] == ""
