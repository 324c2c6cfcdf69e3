import json
import os
import re
import shutil
from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import safetensors.numpy

import neuralstack as ns
from neuralstack import complete, load, train
from neuralstack.training import Run, with_options
from small import SMALL, assert_same_leaves, contents, numbers

pytest_plugins = ("small_runs",)

CONFIG = complete(SMALL)
MODEL, CHECKPOINT = "model.safetensors", "checkpoint.safetensors"


@pytest.fixture
def run(tmp_path, new_run):
    """A run of its own that a test may break."""
    return Run(shutil.copytree(new_run.path, tmp_path / "run"))


def test_the_configuration_comes_back_as_it_was(tmp_path):
    config = complete(with_options(SMALL, learning_rate=1 / 3, log_test=True, seed=5))
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


def test_a_directory_without_a_run_is_no_run(tmp_path):
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(ValueError, match=re.escape(f"{str(path)!r} is not a run: it has no config.json")):
            load(path)


def test_a_run_without_a_model_says_that_it_has_none_yet(run):
    run.file(MODEL).unlink()
    with pytest.raises(ValueError, match="has no model yet: resume its training"):
        load(run.path)


def written(**changes):
    """Return a config.json with other values in its configuration."""
    config = {"task": "reversal", "max_length": 8, "min_length": 2} | changes
    return json.dumps({"neuralstack": "0", "vocab_size": 131, "config": config})


CONFIGS = {
    "cut short": ('{"task": "rever', "Unterminated string"),
    "empty": ("", "Expecting value"),
    "a list": ("[1, 2]", "list indices must be integers"),
    "a number": ("7", "not subscriptable"),
    "no text": (b"\xff\xfe\x00", "can't decode"),
    "nested deeply": ("[" * 100_000, "nested too deeply"),
    "without a task": ('{"neuralstack": "0", "vocab_size": 1, "config": {}}', "task"),
    "an unknown field": (written(color=3), "has no field 'color'"),
    "an impossible number": (written(machine={"hidden_dim": -1}), "hidden_dim must be a whole number, at least 1"),
    "endless layers": (written(machine={"num_layers": 10_000}), "num_layers must be a whole number, at least 1 and at"),
    "a word for a number": (written(batch_size="wide"), "batch_size must be a whole number, got 'wide'"),
    "no configuration": ("{}", "it has no 'config'"),
    "an unknown option of 0.1": ('{"task": "reversal", "color": 3}', "unknown option 'color'"),
    "an impossible number of 0.1": ('{"task": "reversal", "hidden": -1}', "hidden_dim must be a whole number"),
}


@pytest.mark.parametrize(("content", "why"), CONFIGS.values(), ids=CONFIGS)
def test_a_broken_configuration_is_named_and_explained(run, content, why):
    file = run.file("config.json")
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match="is broken") as refused:
        load(run.path)
    assert str(file) in str(refused.value)
    assert why in str(refused.value)
    assert str(refused.value).endswith("restore it, or train again.")


BREAKS = {
    "emptied": lambda whole: b"",
    "cut in its header": lambda whole: whole[:20],
    "cut in half": lambda whole: whole[: len(whole) // 2],
    "cut by one byte": lambda whole: whole[:-1],
    "lengthened": lambda whole: whole + b"\0",
    "overwritten": lambda whole: b"\x93NUMPY" + whole[6:],
    "overwritten in its header": lambda whole: whole[:9] + b"\xff" * 8 + whole[17:],
}


@pytest.mark.parametrize("damage", BREAKS.values(), ids=BREAKS)
@pytest.mark.parametrize("name", [MODEL, CHECKPOINT])
def test_a_broken_file_is_named_and_not_used(run, name, damage):
    run.file(name).write_bytes(damage(run.file(name).read_bytes()))
    before = contents(run.path)
    with pytest.raises(ValueError, match=r"is broken or half-written .*: restore it, or train again") as refused:
        run.load_model() if name == MODEL else train(SMALL, run.path, resume=True, show=False)
    assert str(run.file(name)) in str(refused.value)
    assert contents(run.path) == before


MISFITS = {
    "narrower": {"hidden_dim": 32},
    "of fewer layers": {"num_layers": 2},
    "of another controller": {"controller": "lstm"},
    "without a memory": {"memory": "none", "connection": "paper"},
}


@pytest.mark.parametrize("options", MISFITS.values(), ids=MISFITS)
def test_weights_of_another_machine_are_refused(run, options):
    run.write_config(with_options(CONFIG, **options))
    with pytest.raises(ValueError, match=r"does not fit the run's config.json: .* expected ") as refused:
        run.load_model()
    assert str(run.file(MODEL)) in str(refused.value)


def test_a_checkpoint_of_another_machine_is_refused(run):
    run.write_config(with_options(CONFIG, hidden_dim=32))
    with pytest.raises(ValueError, match=r"checkpoint.safetensors' does not fit the run's config.json: "):
        run.load_checkpoint()


def test_weights_that_the_machine_has_no_place_for_are_refused(run):
    arrays = safetensors.numpy.load_file(run.file(MODEL))
    safetensors.numpy.save_file({**arrays, "controller.layers[1].bias": np.zeros(192, np.float32)}, run.file(MODEL))
    with pytest.raises(ValueError, match=r"does not fit the run's config.json: "):
        load(run.path)


def test_weights_of_another_precision_are_refused(run):
    arrays = safetensors.numpy.load_file(run.file(MODEL))
    arrays["embedding"] = arrays["embedding"].astype(np.float16)
    safetensors.numpy.save_file(arrays, run.file(MODEL))
    with pytest.raises(ValueError, match=r"embedding is float16\[131, 64\], expected float32\[131, 64\]"):
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


def test_a_worse_evaluation_does_not_replace_the_model(tmp_path, new_state, learned_machine):
    config = with_options(CONFIG, learning_rate=1e-6, evaluate_every=2)
    run, models, scores = Run.create(tmp_path / "run", config), [], []
    for steps, model in zip((2, 4, 6, 8), (new_state.model, learned_machine) * 2, strict=True):
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


def test_a_pipe_for_a_configuration_is_refused(run):
    run.file("config.json").unlink()
    os.mkfifo(run.file("config.json"))
    with pytest.raises(ValueError, match=r"is not a run|is not a regular file"):
        load(run.path)


def test_numbers_that_are_not_finite_are_null(run):
    run.append_metrics({**evaluation(1), "loss": float("nan")})
    assert '"loss": null' in run.file("metrics.jsonl").read_text()
    assert np.isnan(run.metrics()[0]["loss"])
