"""Runs whose files are broken, or belong to another machine."""

import json
import os
import re
import shutil

import numpy as np
import pytest
import safetensors.numpy

from neuralstack import complete, load, train
from neuralstack.training import Run, with_options
from small import SMALL, contents

pytest_plugins = ("small_runs",)

CONFIG = complete(SMALL)
MODEL, CHECKPOINT = "model.safetensors", "checkpoint.safetensors"


@pytest.fixture
def run(tmp_path, new_run):
    """A run of its own that a test may break."""
    return Run(shutil.copytree(new_run.path, tmp_path / "run"))


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
    "a fraction for a number": (written(batch_size=1.5), "batch_size must be a whole number, got 1.5"),
    "a truth for a number": (written(seed=True), "seed must be a whole number, got True"),
    "a fraction in a list": (
        written(curriculum={"kind": "warmup", "lengths": [2.5]}),
        "must be a whole number, got 2.5",
    ),
    "an unknown kind": (written(objective={"kind": "luck"}), "must be one of supervised, imitation, reinforce"),
    "a kind that is no name": (
        written(objective={"kind": {}}),
        "must be one of supervised, imitation, reinforce, got {}",
    ),
    "an unknown choice": (
        written(objective={"kind": "reinforce", "baseline": "mean"}),
        "baseline must be one of running, learned",
    ),
    "a field of another choice": (written(objective={"kind": "supervised", "entropy": 1}), "has no field 'entropy'"),
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
    with pytest.raises(ValueError, match=r"embedding is float16\[131, 16\], expected float32\[131, 16\]"):
        load(run.path)


def test_a_pipe_for_a_configuration_is_refused(run):
    run.file("config.json").unlink()
    os.mkfifo(run.file("config.json"))
    with pytest.raises(ValueError, match=r"is not a run|is not a regular file"):
        load(run.path)


def test_a_directory_without_a_run_is_no_run(tmp_path):
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(ValueError, match=re.escape(f"{str(path)!r} is not a run: it has no config.json")):
            load(path)
