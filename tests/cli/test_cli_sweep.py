"""`neuralstack sweep`."""

import json
import os
import signal
import subprocess

import pytest

from cells import TINY, TINY_OPTIONS, assert_as_if_alone, holders, wait_for
from neuralstack import complete, configure, grid
from neuralstack.cli import parse
from neuralstack.training import Run, with_options
from small import command

pytest_plugins = ("small_runs",)


def test_a_sweep_says_what_became_of_each_combination_and_fails_if_one_did(call, tmp_path):
    rates = ["--grid", "learning_rate=1e6,0.01", "--max-steps", "4"]
    status, out, err = call("sweep", *TINY_OPTIONS, *rates, "--out", tmp_path / "runs", "--workers", 1)
    assert status == 1
    assert [line.split()[:2] for line in out.splitlines() if "seed-0" in line][:2] == [
        ["seed-0-rate-1e+06", "failed"], ["seed-0-rate-0.01", "done"],
    ]  # fmt: skip
    assert "neuralstack: seed-0-rate-1e+06 failed: stopped at step " in err
    assert out.splitlines()[-1].endswith(f"all of it: {tmp_path / 'runs' / 'summary.csv'}")


def cells_of(*typed):
    return parse(["sweep", *map(str, typed)]).cells()


def test_a_grid_has_every_combination_with_every_seed():
    cells = cells_of(*TINY_OPTIONS, "--grid", "memory=stack,superposition(stacks=2, depth_read=3)", "--grid",
                     "extra-steps=1,2", "--seeds", 2, "--seed", 5)  # fmt: skip
    memories = ("stack", "superposition(stacks=2, depth_read=3)")
    assert cells == grid(with_options(TINY, seed=5), seeds=2, memory=memories, extra_steps=(1, 2))


def test_a_grid_of_tasks_starts_from_the_recipe_of_each():
    cells = cells_of("reversal", "--grid", "task=copy,parity", "--max-steps", 7)
    assert [*cells.values()] == [configure(task, max_steps=7) for task in ("copy", "parity")]


TOML = """
task = "copy"
batch_size = 7
[machine]
memory = "queue"
[objective]
kind = "imitation"
forcing_prob = 0.5
"""


def test_a_configuration_is_read_from_toml_or_from_a_run_and_options_override_it(tmp_path):
    (tmp_path / "some.toml").write_text(TOML)
    (cell,) = cells_of(tmp_path / "some.toml", "--hidden-dim", 9).values()
    options = {"batch_size": 7, "objective": "imitation", "forcing_prob": 0.5, "hidden_dim": 9}
    assert cell == configure("copy", memory="queue", **options)
    run = Run.create(tmp_path / "run", complete(cell))
    (again,) = cells_of(run.file("config.json"), "--seed", 3).values()
    assert again == with_options(complete(cell), seed=3)


BAD = {
    "no task": ((), "sweep needs a task or a configuration"),
    "no values": (("reversal", "--grid", "memory"), "--grid needs an option and its values, as in 'learning_rate=1e-3"),
    "an unknown option": (("reversal", "--grid", "memry=stack"), "--grid varies an option of training that takes"),
    "a word for a number": (("reversal", "--grid", "learning_rate=x"), "--learning-rate needs a number, got 'x'"),
    "an option twice": (("reversal", "--grid", "seed=1", "--grid", "seed=2"), "--grid must name every option only"),
    "an option in both": (("copy", "--memory", "stack", "--grid", "memory=queue"), "give --memory or --grid memory"),
    "seeds as a grid": (("reversal", "--grid", "seed=1,2"), "a grid has consecutive seeds"),
    "a value twice": (("reversal", "--grid", "batch_size=5,5"), "--batch-size must have every value only once"),
    "an unknown value": (("reversal", "--grid", "memory=stak"), "unknown memory 'stak': did you mean 'stack'"),
    "no seed": (("reversal", "--seeds", 0), "--seeds must be at least 1 and at most 10000, got 0"),
    "no worker": (("reversal", "--workers", 0), "--workers must be at least 1 and at most 1024, got 0"),
    "two kinds of workers": (("reversal", "--workers", 1, "--dask", "tcp://x:1"), "give --workers or --dask, not both"),
    "negative retries": (("reversal", "--retries", -1), "--retries must be at least 0, got -1"),
    "no file": (("none.toml",), "cannot use 'none.toml': No such file"),
    "a broken file": (("broken.toml",), "'broken.toml' is not a configuration"),
    "a file without a task": (("empty.toml",), "'empty.toml' is not a configuration (it has no task)"),
    "an unknown field": (("wrong.toml",), "'wrong.toml' is not a configuration (Config has no field 'memory'"),
}  # fmt: skip


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(("typed", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_one_line_and_leaves_nothing(call, tmp_path, monkeypatch, typed, message):
    monkeypatch.chdir(tmp_path)
    for name, content in (("broken", "task ="), ("empty", ""), ("wrong", 'task = "copy"\nmemory = "stack"')):
        (tmp_path / f"{name}.toml").write_text(content)
    status, out, err = call("sweep", *typed)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_ctrl_c_stops_a_sweep_within_seconds_and_the_same_command_goes_on(tmp_path):
    path = tmp_path / "runs"
    typed = command("sweep", *TINY_OPTIONS, "--max-steps", 400, "--seeds", 2, "--workers", 2, "--out", path)
    with subprocess.Popen(typed, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        wait_for(lambda: holders(path))
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.splitlines()[-1].endswith(f"interrupted; what was trained is kept in {path}: the same command goes on")
    assert "Traceback" not in err
    assert subprocess.run(typed, capture_output=True).returncode == 0
    members = json.loads((path / "sweep.json").read_text())["members"]
    assert [member["steps"] for member in members] == [400] * 2
    assert_as_if_alone(grid(with_options(TINY, max_steps=400), seeds=2), path, tmp_path / "alone")


def lives(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
def test_the_workers_of_a_sweep_that_is_killed_end_too_and_the_same_command_goes_on(tmp_path):
    path = tmp_path / "runs"
    typed = command("sweep", *TINY_OPTIONS, "--max-steps", 400, "--workers", 1, "--out", path)
    with subprocess.Popen(typed, stderr=subprocess.DEVNULL) as process:
        ((name, pid),) = wait_for(lambda: holders(path)).items()
        process.kill()
    wait_for(lambda: not lives(pid))
    assert not (path / name / "outcome.json").exists()
    assert subprocess.run(typed, capture_output=True).returncode == 0
    assert_as_if_alone({name: with_options(TINY, max_steps=400)}, path, tmp_path / "alone")
