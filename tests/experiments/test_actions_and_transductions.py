import json
from dataclasses import replace

import pytest

from neuralstack import Config
from neuralstack.experiments import _actions as actions, _transductions as transductions
from neuralstack.experiments._seeds import Arm
from neuralstack.tasks.chomsky._base import AbstractChomskyTask
from neuralstack.tasks.transductions import Copy

pytest_plugins = ("small_runs",)

TINY = {"hidden": 8, "width": 8, "batch": 4, "steps": 2, "evaluate_every": 2, "min_length": 1, "max_length": 4}


@pytest.fixture(scope="module")
def acted(tmp_path_factory):
    path = tmp_path_factory.mktemp("actions") / "run"
    arms = tuple(
        Arm(arm.name, arm.label, replace(arm.config, first_lengths=(), **TINY), seeds=1 + (arm.name == "reinforce"))
        for arm in actions.ARMS
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(actions, "ARMS", arms)
        patch.setattr(AbstractChomskyTask, "test_lengths", (5, 6))
        return path, actions.reproduce(path)


@pytest.mark.slow
def test_machines_taught_in_four_ways_are_measured_on_their_own_and_ten_times_as_far(acted):
    path, result = acted
    assert json.loads((path / "result.json").read_text()) == json.loads(json.dumps(result))
    assert list(result["arms"]) == [arm.name for arm in actions.ARMS]
    for arm in result["arms"].values():
        assert (arm["lengths"]["trained"], arm["lengths"]["far"]) == ([1, 4], [40, 40])
        assert len(arm["lengths"]["far_reports"]) == arm["seeds"]
    assert result["arms"]["reinforce"]["seeds"] == 2
    assert (path / "curves.png").stat().st_size > 5000


@pytest.mark.slow
def test_the_table_of_actions_has_a_row_for_each_machine_and_counts_those_that_learned(acted):
    _, result = acted
    result["arms"]["reinforce"]["lengths"]["trained_reports"] = [
        {"coarse": 1.0, "token": 0.95},
        {"coarse": 0.5, "token": 0.94},
    ]
    ((_, columns, rows),) = actions.table_rows(result)
    assert [row[0] for row in rows] == [arm.label for arm in actions.ARMS]
    assert all(len(row) == len(columns) for row in rows)
    assert rows[-1][-1] == "1 of 2"


def test_the_quick_run_of_actions_is_smaller_in_every_arm():
    for quick, full in zip(actions.quick_arms(), actions.ARMS, strict=True):
        assert quick.seeds == 1 < full.seeds
        assert quick.config.steps <= full.config.steps


@pytest.mark.slow
def test_the_table_of_transductions_puts_every_cell_beside_its_published_one(tmp_path, monkeypatch):
    arms = [
        Arm(arm.name, arm.label, replace(arm.config, **TINY), seeds=1)
        for arm in transductions.arms("copy")
        if arm.label in ("LSTM", "queue")
    ]
    monkeypatch.setattr(transductions, "quick_arms", lambda task: arms if task == "copy" else [])
    monkeypatch.setattr(Copy, "test_lengths", (5, 6))
    result = transductions.reproduce(tmp_path / "run", quick=True)
    ((title, columns, rows), (_, _, none)) = transductions.table_rows(result)
    assert title.startswith("copy: ")
    assert none == []  # of reversal, nothing was asked for
    assert [row[0] for row in rows] == ["LSTM", "queue"]
    assert rows[1][3:] == ("1.00/1.00", "1.00/1.00", "0 of 1")
    assert all(len(row) == len(columns) for row in rows)
    assert json.loads((tmp_path / "run" / "result.json").read_text()) == json.loads(json.dumps(result))
    assert (tmp_path / "run" / "transductions.png").stat().st_size > 5000


def test_the_published_table_of_transductions_is_whole():
    cells = {task: transductions.arms(task) for task in transductions.TASKS}
    assert cells.keys() == transductions.PUBLISHED.keys()
    for task, machines in cells.items():
        assert [arm.label for arm in machines] == [*transductions.NETWORKS, *transductions.MEMORIES]
        assert len(transductions.PUBLISHED[task]) == len(machines)
        assert all(isinstance(arm.config, Config) and arm.seeds == 3 for arm in machines)
