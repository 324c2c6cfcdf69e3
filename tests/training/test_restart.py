from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from neuralstack import complete, train
from neuralstack.training import Run, _loop as loop, begin
from small import SMALL, assert_same_leaves, assert_same_run

pytest_plugins = ("small_runs",)

# Starts anew at 5, 10, 15 and 20; at 24 it is over.
CONFIG = replace(SMALL, steps=24, evaluate_every=4, restart_after=5)
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

    monkeypatch.setattr(loop, "begin", begin_and_tell)
    monkeypatch.setattr(loop, "defer_keyboard_interrupt", always_interrupted)
    statuses = []
    while not statuses or statuses[-1] == "interrupted":
        statuses.append(train(CONFIG, tmp_path / "run", resume=True, show=False).status)
    assert len(statuses) > 5
    assert begun == [(1, 5), (2, 10), (3, 15), (4, 20)]
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
    assert (second.attempt, second.attempt_start, second.step, second.perfect_batches) == (1, 5, 5, 0)
    assert not second.warmed_up
    assert (np.asarray(first.machine.embedding) != second.machine.embedding).all()
    assert_same_leaves(first.optimizer, second.optimizer)


HOPELESS = {
    "tried for as long as it may": ({}, 150, True),
    "not yet": ({}, 149, False),
    "it took to its memory": ({"warmed_up": True}, 150, False),
    "begun later": ({"attempt_start": 10}, 150, False),
    "begun later, and tried long": ({"attempt_start": 10}, 160, True),
}


@pytest.mark.parametrize(("parts", "step", "expected"), HOPELESS.values(), ids=HOPELESS)
def test_an_attempt_is_given_up_when_it_has_stayed_at_its_first_lengths(new_state, parts, step, expected):
    config = complete(replace(CONFIG, restart_after=150))
    state = replace(new_state, **{name: jnp.asarray(part) for name, part in (parts | {"step": step}).items()})
    assert loop.should_restart(config, state) is expected
    assert not loop.should_restart(replace(config, restart_after=0), state)


def test_training_looks_up_where_an_attempt_may_be_given_up(new_state):
    config = complete(replace(CONFIG, evaluate_every=50, restart_after=7, steps=1000))
    assert loop.next_stop(config, new_state) == 7
    assert loop.next_stop(config, replace(new_state, warmed_up=jnp.asarray(True))) == 10
    assert loop.next_stop(replace(config, restart_after=0), new_state) == 10
    assert loop.next_stop(replace(config, steps=6), new_state) == 6
    assert loop.next_stop(replace(config, evaluate_every=5), new_state) == 5


def test_a_restart_is_told(tmp_path, capsys):
    train(replace(CONFIG, steps=8), tmp_path / "run")
    assert "restart 1 at step 5: the machine did not take to its memory" in capsys.readouterr().err
    train(replace(CONFIG, steps=8), tmp_path / "quiet", show=False)
    assert capsys.readouterr() == ("", "")
