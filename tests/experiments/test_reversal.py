import json
from dataclasses import asdict, replace

import pytest

from neuralstack import Config, Reversal, complete, success_interval
from neuralstack.experiments import EXPERIMENTS, _reversal as reversal, _seeds as seeds_module, reproduce_reversal
from neuralstack.experiments._seeds import Arm, summarize, train_seeds
from neuralstack.training import Outcome, Run
from small import SMALL, contents

pytest_plugins = ("small_runs",)

TINY = replace(SMALL, steps=2, evaluate_every=2)
# The published figures need these three; here they are one machine, so that one compilation serves them all.
ARMS = (
    Arm("stack", "GRU + stack", TINY, seeds=2),
    Arm("rnn", "RNN", TINY, seeds=1),
    Arm("lstm", "LSTM", replace(TINY, steps=4), seeds=1),
)


def result(seed, train, test, steps=100, seconds=10.0, restarts=0):
    """What one seed gave, made by hand; accuracies are coarse and fine."""
    reports = {
        name: {"coarse": coarse, "fine": fine, "token": 1.0, "loss": 0.5}
        for name, (coarse, fine) in (("train", train), ("test", test))
    }
    counts = {"seed": seed, "steps": steps, "restarts": restarts, "seconds": seconds}
    return {"arm": "stack", "status": "done", **counts, **reports}


RESULTS = [
    result(0, (0.5, 0.75), (0.0, 0.25), steps=300, seconds=30.0, restarts=2),
    result(1, (1.0, 1.0), (1.0, 1.0), steps=100, seconds=10.0),
    result(2, (1.0, 0.9), (0.999, 0.9999), steps=200, seconds=25.0, restarts=1),
    result(3, (0.25, 0.5), (0.0, 0.125), steps=150, seconds=15.0),
    result(4, (0.25, 0.5), (1.0, 1.0), steps=120, seconds=12.0),
]


def test_seeds_are_solved_when_they_answer_every_test_sequence():
    summary = summarize(ARMS[0], RESULTS)
    assert (summary["label"], summary["seeds"], summary["solved"]) == ("GRU + stack", 5, 2)
    assert summary["interval"] == list(success_interval(2, 5))
    assert summary["restarted"] == 2
    assert (summary["median_steps"], summary["most_steps"]) == (150, 300)
    assert (summary["median_seconds"], summary["most_seconds"]) == (15.0, 30.0)
    assert summary["config"] == asdict(complete(TINY))
    assert summary["runs"] == RESULTS


def test_the_best_seed_is_chosen_without_looking_at_the_test_set():
    best = summarize(ARMS[0], RESULTS)["best"]
    assert best == {"seed": 1, "train": RESULTS[1]["train"], "test": RESULTS[1]["test"]}
    best = summarize(ARMS[0], [RESULTS[3], RESULTS[0], RESULTS[4]])["best"]
    assert best["seed"] == 0
    surer = {**RESULTS[1], "seed": 5, "train": {**RESULTS[1]["train"], "loss": 0.25}, "test": RESULTS[0]["test"]}
    assert summarize(ARMS[0], [RESULTS[1], surer])["best"]["seed"] == 5


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory):
    """The whole experiment, with three small arms and short test strings."""
    path = tmp_path_factory.mktemp("experiment") / "reproduced"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reversal, "ARMS", ARMS)
        patch.setattr(Reversal, "test_lengths", (2, 8))
        return path, reproduce_reversal(path)


@pytest.mark.slow
def test_the_experiment_writes_a_result_and_figures(reproduced):
    path, found = reproduced
    assert json.loads((path / "result.json").read_text()) == json.loads(json.dumps(found))
    for name in ("curves", "seeds"):
        assert (path / f"{name}.png").stat().st_size > 5000
        assert (path / f"{name}.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.slow
def test_the_result_says_what_was_run_and_with_what(reproduced):
    _, found = reproduced
    assert found["command"] == "neuralstack reproduce reversal"
    assert found["versions"].keys() == {"neuralstack", "jax", "equinox", "optax"}
    assert found["arms"].keys() == {"stack", "rnn", "lstm"}
    assert {name: arm["seeds"] for name, arm in found["arms"].items()} == {"stack": 2, "rnn": 1, "lstm": 1}
    assert found["arms"]["stack"]["config"] == asdict(complete(TINY))
    assert [record["step"] for record in found["curves"]["lstm"]] == [2, 4]


@pytest.mark.slow
def test_every_seed_is_a_run_that_can_be_looked_at(reproduced):
    path, found = reproduced
    for name, seed in (("stack", 0), ("stack", 1), ("rnn", 0), ("lstm", 0)):
        run = Run.open(path / name / str(seed))
        run.load_model()
        kept = json.loads(run.file("result.json").read_text())
        assert found["arms"][name]["runs"][seed] == kept
        assert (kept["arm"], kept["seed"], kept["status"]) == (name, seed, "done")
        assert kept["wall_seconds"] > kept["seconds"] > 0
        # Only the first seed's curves show the test set.
        assert all(("test" in record) is (seed == 0) for record in run.metrics())


@pytest.mark.slow
def test_a_seed_is_measured_on_both_fixed_sets(reproduced):
    path, found = reproduced
    one = found["arms"]["stack"]["runs"][0]
    record = Run(path / "stack" / "0").metrics()[-1]
    assert one["train"] == pytest.approx(record["validation"])
    assert one["test"] == pytest.approx(record["test"])


@pytest.mark.slow
def test_what_has_a_result_is_not_trained_again(reproduced, monkeypatch):
    path, found = reproduced

    def refuse(*arguments, **options):
        raise AssertionError("trained again")

    monkeypatch.setattr(seeds_module, "train", refuse)
    before = contents(path / "stack")
    assert [*train_seeds(ARMS[0], path)] == found["arms"]["stack"]["runs"]
    assert contents(path / "stack") == before
    with pytest.raises(AssertionError, match="trained again"):
        [*train_seeds(replace(ARMS[0], seeds=3), path)]


@pytest.mark.slow
def test_a_seed_that_was_interrupted_is_continued(tmp_path, reproduced, monkeypatch):
    _, found = reproduced
    arm = Arm("rnn", "RNN", TINY, seeds=1)
    with monkeypatch.context() as patch:
        interrupted = Outcome("interrupted", "stopped", 1, 0, 0.0)
        patch.setattr(seeds_module, "train", lambda config, path, **options: interrupted)
        with pytest.raises(KeyboardInterrupt):
            next(train_seeds(arm, tmp_path))
    assert not (tmp_path / "rnn" / "0" / "result.json").exists()
    monkeypatch.setattr(Reversal, "test_lengths", (2, 8))
    (again,) = train_seeds(arm, tmp_path)
    same = ("seed", "status", "steps", "train", "test")
    assert [again[name] for name in same] == [found["arms"]["rnn"]["runs"][0][name] for name in same]


@pytest.mark.slow
def test_the_tables_hold_our_numbers_beside_the_published_ones(reproduced):
    _, found = reproduced
    found = {**found, "arms": {"stack": summarize(ARMS[0], RESULTS)}}
    tables = reversal.table_rows(found)
    assert all(len(row) == len(columns) for _, columns, rows in tables for row in rows)
    accuracies, consistency, effort = (rows for _, _, rows in tables)
    assert accuracies[0] == ("GRU + stack", "this run", "1.000", "1.000", "1.000", "1.000")
    assert accuracies[1:] == [
        ("LSTM", reversal.GREFENSTETTE, "0.780", "0.870", "0.010", "0.090"),
        ("LSTM, 2 layers", reversal.GREFENSTETTE, "0.910", "0.940", "0.020", "0.060"),
        ("LSTM + stack", reversal.GREFENSTETTE, "1.000", "1.000", "1.000", "1.000"),
        ("RNN", reversal.FLAMANT, "0.741", "", "0.000", "0.383"),
        ("LSTM", reversal.FLAMANT, "0.505", "", "0.000", "0.236"),
        ("LSTM + stack", reversal.FLAMANT, "1.000", "", "1.000", ""),
    ]
    low, high = success_interval(2, 5)
    assert consistency == [
        ("GRU + stack", "this run", "2 of 5", f"{low:.3f}-{high:.3f}", "2"),
        ("LSTM + stack", reversal.FLAMANT, "3 of 6", "", ""),
    ]
    assert effort == [("GRU + stack", "150", "300", "15.0", "30.0")]


@pytest.mark.slow
def test_the_terminal_shows_the_tables(reproduced, monkeypatch, capsys):
    path, _ = reproduced
    monkeypatch.setattr(reversal, "ARMS", ARMS)
    monkeypatch.setattr(seeds_module, "train", None)  # all is there: nothing is trained
    reproduce_reversal(path)
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines if "runs/" not in line and str(path) not in line) <= 80
    printed = " ".join(" ".join(lines).split())
    assert "GRU + stack: 0 of 2 seeds solved" in printed
    assert "Grefenstette" in printed
    assert "0.741" in printed
    assert "result and figures:" in printed


def test_the_experiment_is_that_of_the_publication():
    by_name = {arm.name: arm for arm in reversal.ARMS}
    assert by_name["stack"].config == Config("reversal")
    assert by_name["stack"].seeds == 100
    assert set(reversal.CURVES) <= by_name.keys()
    for arm in reversal.ARMS:
        config = complete(arm.config)
        assert (config.lengths, config.batch, config.hidden, config.width) == ((8, 64), 50, 64, 64)
    assert EXPERIMENTS["reversal"] is reproduce_reversal


def test_the_quick_experiment_has_the_arms_of_the_curves_with_fewer_seeds_and_shorter_networks():
    quick = reversal.quick_arms()
    whole = [arm for arm in reversal.ARMS if arm.name in reversal.CURVES]
    assert [(arm.name, arm.label) for arm in quick] == [(arm.name, arm.label) for arm in whole]
    assert sum(arm.seeds for arm in quick) < 5
    for one, other in zip(quick, whole, strict=True):
        assert 1 <= one.seeds <= other.seeds
        assert replace(one.config, steps=other.config.steps) == other.config
        assert one.config.steps == (reversal.QUICK_STEPS if one.config.memory == "none" else one.config.steps)
    assert quick[0].config == whole[0].config
