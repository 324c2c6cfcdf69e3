import json
import re
import shutil
from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neuralstack as ns
from neuralstack import complete, load, train
from neuralstack.training import Run, begin, configure, with_options
from small import SMALL, assert_same_leaves, contents, numbers

pytest_plugins = ("small_runs",)

CONFIG = complete(SMALL)
MODEL, CHECKPOINT = "model.safetensors", "checkpoint.safetensors"


@pytest.fixture
def run(tmp_path, new_run):
    """A run of its own that a test may break."""
    return Run(shutil.copytree(new_run.path, tmp_path / "run"))


GIVEN = {
    "complete": complete(with_options(SMALL, learning_rate=1 / 3, log_test=True, seed=5)),
    "incomplete": SMALL,
    "of other objects": complete(configure("reversal", objective="imitation", curriculum="linear")),
}


@pytest.mark.parametrize("config", GIVEN.values(), ids=GIVEN)
def test_the_configuration_comes_back_as_it_was(tmp_path, config):
    assert Run.create(tmp_path / "deep" / "run", config).config() == config


def test_the_weights_come_back_bit_for_bit(run, new_state):
    assert_same_leaves(run.load_model(), new_state.model)
    assert_same_leaves(load(str(run.path)), new_state.model)
    assert ns.load is load


def test_a_checkpoint_comes_back_bit_for_bit(run, new_state):
    weights = new_state.model.embedding.at[0, :3].set(np.array([np.nan, -0.0, 1e-42]))
    state = eqx.tree_at(lambda state: state.model.embedding, new_state, weights)
    run.save_checkpoint(state)
    loaded = run.load_checkpoint()
    assert jax.tree.structure(loaded) == jax.tree.structure(state)
    for leaf, wanted in zip(jax.tree.leaves(loaded), jax.tree.leaves(state), strict=True):
        assert np.asarray(numbers(leaf)).tobytes() == np.asarray(numbers(wanted)).tobytes()
        assert leaf.dtype == wanted.dtype


def test_a_loaded_machine_answers_like_the_one_that_was_saved(run, new_state):
    tokens = jnp.array([128, 3, 1, 4, 129])
    np.testing.assert_array_equal(load(run.path)(tokens), new_state.model(tokens))


@pytest.mark.parametrize("thing", ["a run", "a stranger's directory", "a file"])
def test_nothing_that_exists_is_overwritten(tmp_path, run, thing):
    path = {"a run": run.path, "a stranger's directory": tmp_path / "letters", "a file": tmp_path / "letter"}[thing]
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "one").write_text("Dear reader")
    (tmp_path / "letter").write_text("Dear reader")
    before = contents(tmp_path)
    with pytest.raises(ValueError, match=re.escape(f"the output directory {str(path)!r} exists and is not empty")):
        train(SMALL, path, show=False)
    assert contents(tmp_path) == before


def test_an_impossible_configuration_makes_no_directory(tmp_path):
    with pytest.raises(ValueError, match="hidden_dim must be a whole number, at least 1"):
        train(with_options(SMALL, hidden_dim=0), tmp_path / "run", show=False)
    assert not (tmp_path / "run").exists()


def test_a_run_without_a_model_says_that_it_has_none_yet(run):
    run.file(MODEL).unlink()
    with pytest.raises(ValueError, match="has no model yet: resume its training"):
        load(run.path)


def evaluation(step):
    return {"step": step, "attempt": 0, "seconds": 0.5 * step, "validation": {"coarse": 0.5, "fine": 0.75}}


def test_metrics_come_back_without_a_line_that_was_cut_short(run):
    records = [evaluation(1), evaluation(2)]
    for record in records:
        run.append_metrics(record)
    assert run.metrics() == records
    with run.file("metrics.jsonl").open("a") as file:
        file.write('{"step": 3, "sec')
    assert run.metrics() == records


@pytest.mark.parametrize("line", ['{"step": 3, "sec', '{"loss": 1.0}', "3"])
def test_a_broken_line_among_the_metrics_is_named(run, line):
    run.file("metrics.jsonl").write_text(f"{json.dumps(evaluation(1))}\n{line}\n{json.dumps(evaluation(2))}\n")
    with pytest.raises(ValueError, match=r"metrics.jsonl' is broken at line 2 .*: remove that line"):
        run.metrics()


def test_evaluations_later_than_the_checkpoint_are_dropped(run, new_state):
    for step in (1, 2, 3):
        run.append_metrics(evaluation(step))
    run.save_checkpoint(replace(new_state, step=new_state.step + 2))
    assert run.load_checkpoint().step == 2
    assert run.metrics() == [evaluation(1), evaluation(2)]
    run.file(CHECKPOINT).unlink()
    assert run.load_checkpoint().step == 0
    assert run.metrics() == []


def test_writing_leaves_nothing_beside_the_file(run):
    run.write("figures/note.txt", "one")
    run.write("figures/note.txt", b"two")
    assert {name: content for name, content in contents(run.path).items() if "figures" in name} == {
        "figures/note.txt": b"two"
    }


def test_the_model_that_is_kept_is_the_best_on_validation(learned):
    run = Run.open(learned)
    best = max((record["validation"]["coarse"], record["validation"]["fine"]) for record in run.metrics())
    data = ns.fixed_set(ns.Reversal(8), (2, 8))
    report = ns.evaluate(run.load_model(), data)
    assert (report.coarse, report.fine) == best == (1, 1)


def test_a_worse_evaluation_does_not_replace_the_model(tmp_path, learned_machine):
    config = with_options(CONFIG, hidden_dim=64, memory_dim=64, learning_rate=1e-6, evaluate_every=2)
    run, models, scores = Run.create(tmp_path / "run", config), [], []
    for steps, model in zip((2, 4, 6, 8), (begin(config).model, learned_machine) * 2, strict=True):
        run.save_checkpoint(replace(run.load_checkpoint(), model=model))
        train(with_options(config, max_steps=steps), run.path, resume=True, show=False)
        models.append(run.file(MODEL).read_bytes())
        scores.append(run.metrics()[-1]["validation"]["coarse"])
    assert scores == [0, 1, 0, 1]
    assert models[0] != models[1] == models[2] != models[3]  # among equally good ones, the later one


def test_a_run_of_version_0_1_is_loaded_and_its_training_not_resumed(run, new_state):
    flat = {
        "task": "reversal",
        "min_length": 2,
        "max_length": 8,
        "first_lengths": [4, 8],
        "batch": 25,
        "hidden": 16,
        "width": 16,
        "wiring": "layer",
    }
    run.write(
        "config.json",
        json.dumps(flat | {"wiring": "layer", "steps": 1000, "pull": 0.02, "objective": "answers", "forcing": 1.0}),
    )
    assert run.config().machine == CONFIG.machine
    assert run.config().curriculum == CONFIG.curriculum
    assert_same_leaves(load(run.path), new_state.model)
    with pytest.raises(ValueError, match=r"written by version 0\.1, whose training cannot be resumed"):
        run.load_checkpoint()


def test_a_run_is_loaded_without_its_task(run, monkeypatch):
    run.write("config.json", run.file("config.json").read_text().replace('"reversal"', '"gone"'))
    assert load(run.path).vocab_size == 131


@pytest.mark.parametrize("name", ["trace.html", "metrics.jsonl", "model.safetensors"])
def test_nothing_is_written_through_a_link(run, tmp_path, name):
    other = tmp_path / "other"
    other.write_text("precious")
    run.file(f"{name}.partial").symlink_to(other)
    run.write(name, "new")
    assert run.file(name).read_text() == "new"
    assert other.read_text() == "precious"


def test_metrics_are_not_appended_to_a_link(run, tmp_path):
    other = tmp_path / "other"
    other.write_text("precious")
    run.file("metrics.jsonl").unlink(missing_ok=True)
    run.file("metrics.jsonl").symlink_to(other)
    with pytest.raises(OSError, match=r"metrics\.jsonl"):
        run.append_metrics(evaluation(1))
    assert other.read_text() == "precious"


def test_numbers_that_are_not_finite_are_null(run):
    run.append_metrics({**evaluation(1), "loss": float("nan")})
    assert '"loss": null' in run.file("metrics.jsonl").read_text()
    assert np.isnan(run.metrics()[0]["loss"])
