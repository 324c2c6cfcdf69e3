"""`neuralstack train --tensorboard`, and `neuralstack export-metrics`."""

import json
import shutil

import pytest

from event_files import curves, curves_of
from small import OPTIONS, contents

pytest_plugins = ("small_runs",)


def test_a_training_and_its_continuation_write_curves_which_can_be_exported_again(call, tmp_path):
    run, live, later = (tmp_path / name for name in ("run", "live", "later"))
    options = "--evaluate-every", 2, "--tensorboard", live
    assert call(*OPTIONS, "--max-steps", 4, "--out", run, *options)[0] == 0
    assert call("train", "--resume", run, "--max-steps", 6, "--tensorboard", live)[0] == 0
    records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [record["step"] for record in records] == [2, 4, 6]
    said = call("export-metrics", run, "--tensorboard", later, "--csv", tmp_path / "table.csv")
    assert said == (0, f"curves of 1 run: {later}, {tmp_path / 'table.csv'}\n", "")
    assert curves(live) == curves(later) == curves_of(records)


BAD = {
    "no target": ("export-metrics run", "export-metrics needs --tensorboard DIR, --csv FILE or both"),
    "no run": ("export-metrics full --csv new", "'full' is not a run: it has no config.json"),
    "no evaluation": ("export-metrics run --csv new", "'run' has no evaluation yet: train it further"),
    "a table in the way": ("export-metrics known --csv known/config.json", "'known/config.json' exists already"),
    "curves in the way": ("export-metrics known --tensorboard full", "'full' holds event files already: choose"),
    "a file in the way": ("export-metrics known --tensorboard known/config.json", "json' is a file: name"),
    "curves of another training": (
        "train reversal --out new --tensorboard full",
        "'full' holds event files already: choose another directory, or remove them",
    ),
    "curves of another sweep": (
        "train reversal --out new --seeds 2 --tensorboard sweep",
        "'sweep/seed-1' holds event files already: choose another directory",
    ),
    "no package for a project": (
        "train reversal --out new --wandb project", "wandb is not installed: run pip install wandb"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("typed", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_one_line_and_changes_nothing(call, tmp_path, monkeypatch, new_run, typed, message):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(new_run.path, "run")
    shutil.copytree(new_run.path, "known")
    record = {"step": 2, "attempt": 0, "seconds": 0.5, "loss": 1.5, "validation": {"coarse": 0.0, "fine": 0.5}}
    (tmp_path / "known" / "metrics.jsonl").write_text(json.dumps(record))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "events.out.tfevents.1.host.2.0").write_text("curves")
    shutil.copytree("full", "sweep/seed-1")
    before = contents(tmp_path)
    status, out, err = call(*typed.split())
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert contents(tmp_path) == before
