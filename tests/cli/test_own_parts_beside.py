"""Runs with parts of a user's own, shown and compared beside runs without."""

import json

import pytest

from neuralstack.training import configure
from small import untrained_run

pytest_plugins = ("small_runs",)

MEMORY = "from neuralstack import NeuralStack\n\n\nclass Own(NeuralStack):\n    pass\n"


@pytest.fixture
def own_run(new_run, monkeypatch, tmp_path):
    """A run of the task of `new_run`, whose memory is in a file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "parts.py").write_text(MEMORY)
    sizes = {"hidden_dim": 4, "memory_dim": 4, "min_length": 2, "max_length": 8}
    untrained_run("own", configure("reversal", memory="parts.py:Own", **sizes))
    return "own"


def test_a_name_is_for_the_runs_that_have_such_a_part(call, own_run, new_run):
    beside = ("trace", own_run, "ab", "--beside", new_run.path, "--out", "both.json")
    assert "add --memory parts.py:Own to allow its code" in call(*beside)[2]
    assert call(*beside, "--memory", "parts.py:Own")[::2] == (0, "")


@pytest.mark.slow
def test_runs_with_and_without_such_a_part_are_compared(call, own_run, new_run):
    compared = ("compare", own_run, new_run.path, "--memory", "parts.py:Own", "--count", 2, "--lengths", 2, 3, "--json")
    status, out, err = call(*compared)
    assert (status, err) == (0, "")
    assert list(json.loads(out)) == [own_run, str(new_run.path)]


@pytest.mark.parametrize("command", [("view", "--port", 0), ("trace", "ab"), ("compare",)])
def test_a_name_for_none_of_the_runs_is_refused(call, new_run, command):
    status, out, err = call(command[0], new_run.path, *command[1:], "--memory", "parts.py:Own")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "is 'stack', not 'parts.py:Own': give the memory of the run" in err


def test_the_page_of_a_run_with_a_part_that_was_not_named_says_which_option_is_needed(call, own_run):
    status, out, err = call("view", own_run, "--port", 0)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "the memory of 'own' is 'parts.py:Own', which is not one of the library's: add --memory parts.py:Own" in err
