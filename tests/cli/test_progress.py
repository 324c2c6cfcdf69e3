"""Commands that take long say so now and then, where no terminal shows a bar, and end in one line when interrupted."""

import re

import jax
import jax.numpy as jnp
import pytest

from neuralstack import complete, configure
from neuralstack.training import Run, build_task, machine_skeleton
from small import OPTIONS

pytest_plugins = ("small_runs",)


@pytest.fixture
def impatient(monkeypatch):
    """Have a line every thousandth of a second."""
    monkeypatch.setenv("NEURALSTACK_PROGRESS_SECONDS", "0.001")


@pytest.mark.usefixtures("impatient")
def test_a_long_evaluation_says_how_many_sequences_are_answered(call, new_run):
    status, out, err = call("evaluate", new_run.path, "--count", 10000, "--lengths", 2, 3)
    assert status == 0
    assert out.startswith(str(new_run.path)[:20])
    line = rf"neuralstack: evaluating {re.escape(repr(str(new_run.path)))}(: (\d+) of 10000)? \((\d+) s\)"
    found = [re.fullmatch(line, said) for said in err.splitlines()]
    assert all(found)
    counts = [int(match[2]) for match in found if match[2]]
    assert 0 < min(counts) < 10000
    assert counts == sorted(counts)


@pytest.mark.slow
@pytest.mark.usefixtures("impatient")
def test_a_long_training_says_how_many_steps_are_taken(call, tmp_path):
    status, out, err = call(*OPTIONS, "--max-steps", 2, "--evaluate-every", 2, "--out", tmp_path / "run")
    assert status == 0
    assert [line.split(":")[0] for line in out.splitlines()[1:]] == ["did not learn"]
    assert "neuralstack: stack + gru: 2 of 2 steps, loss " in err


# A memory whose hardening takes until Ctrl-C is pressed.
ENDLESS = """import signal, time
from neuralstack import NeuralStack

class Endless(NeuralStack):
    def discretized(self):
        time.sleep(0.2)
        signal.raise_signal(signal.SIGINT)
"""


@pytest.mark.usefixtures("impatient")
def test_a_hardening_that_is_interrupted_says_so_after_what_it_was_at(call, tmp_path):
    (tmp_path / "own.py").write_text(ENDLESS)
    named = f"{tmp_path / 'own.py'}:Endless"
    config = complete(configure("reversal", memory=named, hidden_dim=4, memory_dim=4))
    run = Run.create(tmp_path / "run", config)
    skeleton = machine_skeleton(config.machine, build_task(config).vocab_size)
    run.save_model(jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), skeleton))
    status, out, err = call("harden", run.path, "--memory", named)
    assert (status, out) == (130, "")
    first, *_, last = err.splitlines()
    assert first == "neuralstack: comparing soft and hard (0 s)"
    assert last.startswith("neuralstack: interrupted")


def test_short_work_says_nothing_of_its_progress(call, new_run):
    assert call("evaluate", new_run.path, "--count", 4, "--lengths", 2, 3)[2] == ""


@pytest.mark.parametrize("interval", ["often", "0", "-1", "nan", ""])
def test_an_interval_that_is_no_number_of_seconds_is_one_line(call, tmp_path, monkeypatch, interval):
    monkeypatch.setenv("NEURALSTACK_PROGRESS_SECONDS", interval)
    status, out, err = call(*OPTIONS, "--out", tmp_path / "run")
    assert (status, out) == (2, "")
    assert err == (
        "neuralstack: NEURALSTACK_PROGRESS_SECONDS must be a number of seconds, more than 0, "
        f"got {interval!r}: set another, or unset it.\n"
    )
    assert not (tmp_path / "run").exists()
