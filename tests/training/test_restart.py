from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from neuralstack import Stopping, complete, train
from neuralstack.training import Run, _resume as resume_module, _train as train_module, begin, with_options
from neuralstack.training._train import next_stop
from small import SMALL, assert_same_leaves, assert_same_run

pytest_plugins = ("small_runs",)

# Starts over at 5, 10, 15 and 20; at 24 it is over.
CONFIG = with_options(SMALL, max_steps=24, evaluate_every=4, restart_after=5)
ATTEMPTS = {4: 0, 8: 1, 12: 2, 16: 3, 20: 3, 24: 4}


@pytest.fixture(scope="module")
def restarted(tmp_path_factory):
    path = tmp_path_factory.mktemp("restarted") / "run"
    return Run(path), train(CONFIG, path, show=False)


def test_restarts_are_counted_in_the_outcome_and_in_the_metrics(restarted):
    run, outcome = restarted
    assert (outcome.status, outcome.steps, outcome.restarts) == ("done", 24, 4)
    assert {record["step"]: record["attempt"] for record in run.metrics()} == ATTEMPTS


def test_a_run_that_learned_says_how_often_it_began_anew(learned):
    records = Run.open(learned).metrics()
    attempts = [record["attempt"] for record in records]
    assert attempts == sorted(attempts)
    assert [record["warmed_up"] for record in records][-3:] == [True] * 3


@pytest.mark.slow
def test_a_resumed_run_starts_anew_at_the_same_steps(tmp_path, restarted, monkeypatch):
    begun = []

    def begin_and_tell(config, attempt=0, step=0):
        begun.append((attempt, step))
        return begin(config, attempt, step)

    monkeypatch.setattr(resume_module, "begin", begin_and_tell)
    monkeypatch.setattr(train_module, "defer_keyboard_interrupt", always_interrupted)
    statuses = []
    while not statuses or statuses[-1] == "interrupted":
        statuses.append(train(CONFIG, tmp_path / "run", resume=True, show=False).status)
    assert len(statuses) > 5
    assert begun == [(0, 0), (1, 5), (2, 10), (3, 15), (4, 20)]
    assert_same_run(Run(tmp_path / "run"), restarted[0])


class always_interrupted:
    """Interrupts a training at every chance."""

    def __enter__(self):
        return lambda: True

    def __exit__(self, *_):
        return None


def test_a_new_attempt_starts_from_new_weights_with_nothing_remembered():
    config = complete(CONFIG)
    first, second = begin(config), begin(config, 1, 5)
    assert (second.attempt, second.attempt_start, second.step, second.curriculum.perfect_batches) == (1, 5, 5, 0)
    assert not second.curriculum.warmed_up
    assert (np.asarray(first.model.embedding) != second.model.embedding).all()
    assert_same_leaves(first.optimizer, second.optimizer)


@pytest.mark.parametrize(
    ("warmed_up", "attempt_step", "expected"), [(False, 150, True), (False, 149, False), (True, 150, False)]
)
def test_an_attempt_starts_over_when_it_has_stayed_in_its_warm_up(warmed_up, attempt_step, expected):
    assert Stopping(restart_after=150).should_restart(warmed_up, attempt_step) is expected
    assert not Stopping(restart_after=0).should_restart(warmed_up, attempt_step)


def test_training_looks_up_where_an_attempt_may_be_given_up(new_state):
    config = complete(with_options(CONFIG, evaluate_every=50, restart_after=7, max_steps=1000))
    warmed_up = replace(new_state, curriculum=new_state.curriculum._replace(warmed_up=jnp.asarray(True)))
    assert next_stop(config, new_state) == 7
    assert next_stop(config, warmed_up) == 10
    assert next_stop(with_options(config, restart_after=0), new_state) == 10
    assert next_stop(with_options(config, max_steps=6), new_state) == 6
    assert next_stop(with_options(config, evaluate_every=5), new_state) == 5


def test_a_restart_is_told(tmp_path, capsys):
    train(with_options(CONFIG, max_steps=8), tmp_path / "run")
    assert "restart 1 at step 5: the machine did not learn to use its memory" in capsys.readouterr().err
    train(with_options(CONFIG, max_steps=8), tmp_path / "quiet", show=False)
    assert capsys.readouterr() == ("", "")
