from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from cases import quick
from neuralstack import complete, train
from neuralstack.training import Run, begin, with_options
from small import SMALL, assert_same_leaves, assert_same_run

pytest_plugins = ("small_runs",)

# Restarts at 5, 10, 15 and 20; ends at 24.
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
def test_a_resumed_run_starts_anew_at_the_same_steps(tmp_path, restarted, press_at):
    looks, statuses, press = [], [], press_at(*range(25))

    def look(record):
        looks.append((record["attempt"], record["step"]))
        press(record)

    while not statuses or statuses[-1] == "interrupted":
        statuses.append(train(CONFIG, tmp_path / "run", resume=True, show=False, progress=look).status)
    assert len(statuses) > 5
    assert dict(looks) == {0: 5, 1: 10, 2: 15, 3: 20, 4: 24}
    assert_same_run(Run(tmp_path / "run"), restarted[0])


def test_a_new_attempt_starts_from_new_weights_with_nothing_remembered():
    config = complete(CONFIG)
    first, second = begin(config), begin(config, 1, 5)
    assert (second.attempt, second.attempt_start, second.step, second.curriculum.perfect_batches) == (1, 5, 5, 0)
    assert not second.curriculum.warmed_up
    assert (np.asarray(first.model.embedding) != second.model.embedding).all()
    assert_same_leaves(first.optimizer, second.optimizer)


LOOKS = {
    "where an attempt may be given up": ({}, [7, 10, 14, 15]),
    "where attempts are never given up": ({"restart_after": 0}, [10, 15]),
    "at its evaluations": ({"evaluate_every": 5}, [5, 7, 10, 14, 15]),
    "at its end": ({"max_steps": 6}, [6]),
}


def looks_of(path, **options):
    """The steps at which a training looks up."""
    looks = []
    config = with_options(CONFIG, **{"evaluate_every": 50, "restart_after": 7, "max_steps": 15} | options)
    train(config, path, resume=True, show=False, progress=lambda record: looks.append(record["step"]))
    return looks


@pytest.mark.parametrize("when", quick(LOOKS, "where an attempt may be given up", "at its evaluations"))
def test_training_looks_up(tmp_path, when):
    options, looks = LOOKS[when]
    assert looks_of(tmp_path / "run", **options) == looks


def test_an_attempt_that_is_warmed_up_is_not_given_up(tmp_path, new_state):
    run = Run.create(tmp_path / "run", complete(with_options(CONFIG, evaluate_every=50, restart_after=7)))
    run.save_checkpoint(replace(new_state, curriculum=new_state.curriculum._replace(warmed_up=jnp.asarray(True))))
    assert looks_of(run.path) == [10, 15]


def test_a_restart_is_told(tmp_path, capsys):
    train(with_options(CONFIG, max_steps=8), tmp_path / "run")
    assert "restart 1 at step 5: the machine did not learn to use its memory" in capsys.readouterr().err
    train(with_options(CONFIG, max_steps=8), tmp_path / "quiet", show=False)
    assert capsys.readouterr() == ("", "")
