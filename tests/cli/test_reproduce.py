"""`neuralstack reproduce`, in directories where every seed that it asks for has been trained."""

import json
import os

import jax
import pytest

from neuralstack import complete
from neuralstack.experiments import EXPERIMENTS
from neuralstack.training import Run, with_options

pytest_plugins = ("small_runs",)

COUNTING = EXPERIMENTS["counting"]
EVALUATION = {"step": 7, "attempt": 0, "seconds": 1.0, "validation": {"coarse": 0.5, "fine": 0.5, "loss": 1.0}}


def train_by_hand(path, variants):
    """Make the runs of the first seeds of some variants, with their results."""
    for variant in variants:
        run = Run.create(path / variant.name / "0", complete(with_options(variant.config, seed=0)))
        run.append_metrics(EVALUATION)
        measured = {"soft": 75.0, "hard": 50.0, "validation": EVALUATION["validation"]}
        result = {"variant": variant.name, "seed": 0, "steps": 7, "wall_seconds": 2.0, **measured}
        run.write("result.json", json.dumps(result))


def test_reproduce_runs_the_experiment(call, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "runs" / "reproduce-counting-quick"
    train_by_hand(path, COUNTING.quick.variants)
    status, out, err = call("reproduce", "counting", "--quick")
    assert (status, err) == (0, "")
    assert "anbn/rnn: read, 7 batches, 2 s, 75.0% correct, 50.0% rounded; 1 of 3 done\n" in out
    assert out.endswith("result and figures: runs/reproduce-counting-quick\n")
    result = json.loads((path / "result.json").read_text())
    assert result["command"] == "neuralstack reproduce counting --quick"
    assert {name: len(one["runs"]) for name, one in result["variants"].items()} == {
        "anbn/rnn": 1, "anbn/lstm": 1, "anbn/stack": 1,
    }  # fmt: skip
    assert (path / "curves.png").stat().st_size > 5000


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ([], "runs/reproduce-counting"),
        (["--quick"], "runs/reproduce-counting-quick"),
        (["--quick", "--out", "x"], "x"),
    ],
)
def test_reproduce_says_how_to_continue_when_it_is_interrupted(call_until_output, monkeypatch, tmp_path, more, path):
    monkeypatch.chdir(tmp_path)
    variants = COUNTING.quick.variants if "--quick" in more else COUNTING.variants
    train_by_hand(tmp_path / path, variants[:1])
    status, out, err = call_until_output("reproduce", "counting", *more)
    assert status == 130
    assert out.startswith("anbn/rnn")
    assert "read, 7 batches" in out
    assert err.endswith(f": {' '.join(['neuralstack reproduce counting', *more])} continues\n")


@pytest.mark.parametrize(
    ("version", "expected"), [((0, 10, 2), "--xla_cpu_use_fusion_emitters=false --users"), ((0, 11, 0), "--users")]
)
def test_a_quick_run_compiles_lightly_and_leaves_the_users_flags_and_newer_versions_of_jax_alone(
    call_until_output, version, expected, monkeypatch, tmp_path
):
    monkeypatch.setenv("XLA_FLAGS", "--users")
    monkeypatch.setattr(jax, "__version_info__", version)
    train_by_hand(tmp_path, COUNTING.quick.variants[:1])
    assert call_until_output("reproduce", "counting", "--quick", "--out", tmp_path)[0] == 130
    assert os.environ["XLA_FLAGS"] == expected
