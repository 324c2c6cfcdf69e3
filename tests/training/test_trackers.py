"""Curves in TensorBoard and in Weights & Biases: the numbers of metrics.jsonl, while a run trains and afterwards."""

import csv
import json
import shutil
import sys
from types import ModuleType, SimpleNamespace

import pytest

import neuralstack as ns
from event_files import curves, curves_of, read_events
from neuralstack.training import Run, export_metrics, resume, with_options
from small import SMALL, contents

pytest_plugins = ("small_runs",)

CONFIG = with_options(SMALL, max_steps=16, evaluate_every=8)


def lines(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    path = tmp_path_factory.mktemp("tracked")
    ns.sweep(ns.grid(CONFIG, seeds=2), path / "sweep", show=False, callbacks=[ns.TensorBoard(path / "curves")])
    return path


def test_event_files_hold_the_numbers_of_metrics_jsonl_while_training_and_when_exported(sweep, tmp_path):
    assert export_metrics(sweep / "sweep", tensorboard=tmp_path) == 2
    for name in ("seed-0", "seed-1"):
        wanted = curves_of(lines(sweep / "sweep" / name))
        assert {"loss", "accuracy", "seconds", "attempt", "validation/coarse", "gradient_variance"} <= wanted.keys()
        assert curves(sweep / "curves" / name) == curves(tmp_path / name) == wanted
    assert {file.name for file in tmp_path.iterdir()} == {"seed-0", "seed-1"}


def test_exported_times_differ_by_the_seconds_of_training_and_end_with_the_file(sweep, tmp_path):
    run = sweep / "sweep" / "seed-0"
    export_metrics(run, tensorboard=tmp_path)
    times, records = [event.wall_time for event in read_events(tmp_path)][1:], lines(run)
    assert times[-1] == (run / "metrics.jsonl").stat().st_mtime
    assert times[-1] - times[0] == pytest.approx(records[-1]["seconds"] - records[0]["seconds"], abs=1e-5)


def test_a_resumed_run_adds_its_new_evaluations_to_the_curves(tmp_path):
    ns.train(
        with_options(CONFIG, max_steps=8), tmp_path / "run", show=False, callbacks=[ns.TensorBoard(tmp_path / "a")]
    )
    assert [step for step, _ in curves(tmp_path / "a")["loss"]] == [8]
    with pytest.raises(ValueError, match=r"'.*a' holds event files already: choose another directory, or remove them"):
        ns.TensorBoard(tmp_path / "a")
    resume(tmp_path / "run", max_steps=16, show=False, callbacks=[ns.TensorBoard(tmp_path / "a", append=True)])
    assert curves(tmp_path / "a") == curves_of(lines(tmp_path / "run"))


def test_a_table_has_a_row_for_each_evaluation(sweep, tmp_path):
    export_metrics(sweep / "sweep", table=tmp_path / "table.csv")
    rows = [*csv.DictReader((tmp_path / "table.csv").read_text().splitlines())]
    assert [(row["run"], row["step"]) for row in rows] == [(f"seed-{n}", step) for n in (0, 1) for step in ("8", "16")]
    wanted = lines(sweep / "sweep" / "seed-1")[-1]
    assert float(rows[-1]["validation/fine"]) == wanted["validation"]["fine"]
    assert float(rows[-1]["loss"]) == wanted["loss"]
    export_metrics(sweep / "sweep" / "seed-0", table=tmp_path / "one.csv")
    assert (tmp_path / "one.csv").read_text().startswith("step,attempt,warmed_up,loss,accuracy,gradient_variance,")


def test_what_was_exported_is_replaced_only_on_request(sweep, tmp_path):
    run, files = sweep / "sweep" / "seed-0", {"tensorboard": tmp_path / "curves", "table": tmp_path / "table.csv"}
    export_metrics(run, **files)
    before = contents(tmp_path)
    for name, path in files.items():
        with pytest.raises(ValueError, match=f"'{path}' (holds event files|exists) already: choose another"):
            export_metrics(run, **{name: path})
    assert contents(tmp_path) == before
    export_metrics(run, **files, overwrite=True)
    assert len(contents(tmp_path)) == 2
    assert curves(tmp_path / "curves") == curves_of(lines(run))


def test_a_number_that_is_none_is_exported_as_nan_and_a_word_is_refused(tmp_path, sweep):
    run = Run(shutil.copytree(sweep / "sweep" / "seed-0", tmp_path / "run"))
    text = run.file("metrics.jsonl").read_text()
    run.write("metrics.jsonl", text.replace('"loss": ', '"loss": null, "before": ', 1))
    export_metrics(run.path, table=tmp_path / "table.csv")
    assert next(csv.DictReader((tmp_path / "table.csv").read_text().splitlines()))["loss"] == "nan"
    run.write("metrics.jsonl", text.replace('"loss": ', '"loss": "low", "before": ', 1))
    with pytest.raises(ValueError, match="the evaluation at step 8 is broken: loss is 'low', not a number"):
        export_metrics(run.path, tensorboard=tmp_path / "curves")
    assert not (tmp_path / "curves").exists()


class WandbError(Exception):
    pass


@pytest.fixture
def wandb(monkeypatch):
    """A stand-in for the package wandb: it notes the calls of the three functions that are used."""
    module, module.calls = ModuleType("wandb"), []

    def init(**options):
        if options["project"] == "forbidden":
            raise WandbError("no account")
        name = options.get("name")
        module.calls.append(("init", options))
        return SimpleNamespace(
            log=lambda metrics, step: module.calls.append(("log", name, step, metrics)),
            finish=lambda exit_code: module.calls.append(("finish", name, exit_code)),
        )

    module.init, module.errors = init, SimpleNamespace(Error=WandbError)
    monkeypatch.setitem(sys.modules, "wandb", module)
    return module


def test_weights_and_biases_gets_the_configuration_the_numbers_and_the_end(wandb, tmp_path):
    ns.train(
        CONFIG, tmp_path / "run", show=False, callbacks=[ns.WeightsAndBiases("memory", name="one", mode="offline")]
    )
    (_, options), *logs, end = wandb.calls
    assert options.pop("config")["machine"]["hidden_dim"] == SMALL.machine.hidden_dim
    assert options == {"project": "memory", "name": "one", "mode": "offline", "reinit": "create_new"}
    for (_, _, step, metrics), record in zip(logs, lines(tmp_path / "run"), strict=True):
        assert (step, metrics["validation/fine"]) == (record["step"], record["validation"]["fine"])
    assert end == ("finish", "one", 0)


def test_weights_and_biases_has_a_run_for_each_member_in_one_group_and_says_which_stopped(wandb, tmp_path):
    class Fails:
        def on_evaluation(self, step, metrics):
            raise RuntimeError("full")

    callbacks = [ns.WeightsAndBiases("memory", name="both"), Fails()]
    with pytest.raises(RuntimeError, match="full"):
        ns.sweep(ns.grid(CONFIG, seeds=2), tmp_path / "sweep", show=False, callbacks=callbacks)
    begun = [(call[1]["group"], call[1]["name"]) for call in wandb.calls if call[0] == "init"]
    assert begun == [("both", "seed-0"), ("both", "seed-1")]
    assert sorted(call[1:] for call in wandb.calls if call[0] == "finish") == [("seed-0", 1), ("seed-1", 1)]


def test_weights_and_biases_that_cannot_start_refuse_the_run(wandb, tmp_path):
    with pytest.raises(ValueError, match="Weights & Biases cannot start a run in 'forbidden': no account"):
        ns.train(CONFIG, tmp_path / "run", show=False, callbacks=[ns.WeightsAndBiases("forbidden")])
    assert not (tmp_path / "run").exists()
    with pytest.raises(ValueError, match="has no name: give one"):
        ns.WeightsAndBiases("")


@pytest.mark.parametrize(
    ("package", "make", "command"),
    [("tensorboardX", ns.TensorBoard, r"pip install 'neuralstack\[tracking\]'"),
     ("wandb", ns.WeightsAndBiases, "pip install wandb")],
)  # fmt: skip
def test_a_missing_package_is_reported_with_the_command_that_installs_it(monkeypatch, package, make, command):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ModuleNotFoundError, match=f"{package} is not installed: run {command}"):
        make("curves")
