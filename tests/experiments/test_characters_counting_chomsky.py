import json
from dataclasses import replace

import pytest

from neuralstack.experiments import _characters as characters, _chomsky as chomsky, _counting as counting
from neuralstack.experiments._seeds import Arm
from neuralstack.tasks import FAMILIES, TASKS
from neuralstack.tasks.chomsky._base import AbstractChomskyTask

pytest_plugins = ("small_runs",)

TINY = {"hidden": 8, "width": 8, "batch": 4, "steps": 2, "evaluate_every": 2}


def tiny(arm, **options):
    return Arm(arm.name, arm.label, replace(arm.config, **TINY, **options), seeds=2)


@pytest.fixture
def text(tmp_path):
    file = tmp_path / "text.txt"
    file.write_text("The value of a thing is what it is. " * 40)
    return str(file)


@pytest.mark.slow
def test_language_models_are_measured_on_what_is_held_out_and_write_at_every_temperature(tmp_path, text, monkeypatch):
    monkeypatch.setattr(characters, "ARMS", tuple(tiny(arm, text=text, max_length=8) for arm in characters.ARMS))
    result = characters.reproduce(tmp_path / "run")
    assert json.loads((tmp_path / "run" / "result.json").read_text()) == json.loads(json.dumps(result))
    assert list(result["arms"]) == ["elman", "lstm", "lstm-stack"]
    for arm in result["arms"].values():
        assert [run["seed"] for run in arm["runs"]] == [0, 1]
        assert all(run["bits"] > 1 and run["wanted_after"] is None for run in arm["runs"])
        assert [len(said) for said in arm["samples"].values()] == [len(characters.PROMPT) + characters.LENGTH] * 3
    (_, columns, rows), (_, _, said) = characters.table_rows(result)
    assert [row[1] for row in said] == ["0.1", "0.5", "1.0"] * 3
    assert all(len(row) == len(columns) and row[-1] == "never" for row in rows)
    assert (tmp_path / "run" / "curves.png").stat().st_size > 5000


def test_every_string_up_to_the_furthest_count_is_asked_for():
    for language in counting.LANGUAGES:
        data = counting.strings(language)
        assert len(data.lengths) == counting.FURTHEST
        assert data.examples.mask.any(1).all()
    lengths = counting.strings("anbncn").lengths
    assert lengths.tolist() == [3 * n for n in range(1, 61)]


def test_the_quick_run_of_counting_trains_one_seed_of_each_machine_and_the_networks_for_few_steps():
    for quick, full in zip(counting.quick_arms("anbn"), counting.arms("anbn"), strict=True):
        assert quick.seeds == 1 < full.seeds
        assert (quick.config.steps < full.config.steps) is (full.config.memory == "none")


@pytest.mark.slow
def test_counting_machines_are_measured_soft_and_rounded_beside_the_published_shares(tmp_path, monkeypatch):
    arms = counting.arms
    monkeypatch.setattr(counting, "arms", lambda language: [tiny(arm) for arm in arms(language)])
    monkeypatch.setattr(counting, "LANGUAGES", {name: counting.LANGUAGES[name] for name in ("anbn", "anb2n")})
    result = counting.reproduce(tmp_path / "run")
    assert list(result["languages"]) == ["anbn", "anb2n"]
    ((_, columns, rows),) = counting.table_rows(result)
    assert all(len(row) == len(columns) == 3 for row in rows)
    published = {row[0].removesuffix(", published"): row[1:] for row in rows if row[0].endswith(", published")}
    assert published == {
        machine: (f"{shares[0]:.1f}", f"{shares[3]:.1f}") for machine, shares in counting.PUBLISHED.items()
    }
    for machines in result["languages"].values():
        for machine in machines.values():
            assert all(0 <= run[part] <= 100 for run in machine["runs"] for part in ("soft", "hard"))


def test_all_fifteen_tasks_of_the_benchmark_have_their_published_scores():
    names = {name for family in ("regular", "context-free", "context-sensitive") for name in FAMILIES[family]}
    assert set(chomsky.PUBLISHED) == names <= TASKS.keys()
    assert set(chomsky.tasks(quick=True)) == {*FAMILIES["regular"], *FAMILIES["context-free"]}
    assert [arm.label for arm in chomsky.arms("parity", quick=True)] == ["Stack-RNN", "Tape-RNN"]
    assert len(chomsky.arms("parity", quick=False)) == 4


@pytest.mark.slow
def test_scores_of_the_benchmark_are_means_over_all_longer_lengths(tmp_path, monkeypatch):
    arms = chomsky.arms
    monkeypatch.setattr(
        chomsky, "arms", lambda task, quick: [tiny(arm, max_length=4) for arm in arms(task, quick=quick)]
    )
    monkeypatch.setattr(chomsky, "tasks", lambda quick: ["parity", "reverse-string"])
    monkeypatch.setattr(AbstractChomskyTask, "test_lengths", (5, 8))
    result = chomsky.reproduce(tmp_path / "run", quick=True)
    for scores in result["tasks"].values():
        for one in scores.values():
            for run in one["runs"]:
                assert [int(length) for length in run["by_length"]] == [5, 6, 7, 8]
                assert run["score"] == pytest.approx(100 * sum(run["by_length"].values()) / 4)
    ((_, columns, rows),) = chomsky.table_rows(result)
    assert [row[0] for row in rows] == ["parity", "reverse-string"]
    assert all(len(row) == len(columns) == 5 for row in rows)
    assert (tmp_path / "run" / "lengths.png").stat().st_size > 5000
