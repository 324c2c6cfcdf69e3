"""The files that a sweep leaves: the best run, what became of each, and the same as flat rows."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neuralstack._json import finite_or_none, to_json_text
from neuralstack.training._bounds import to_json
from neuralstack.training._config import Config
from neuralstack.training._file_places import FILES_RECORD
from neuralstack.training._run_directory import Run
from neuralstack.training.sweeps._result import SweepMember, SweepResult

SWEEP_FILE, SUMMARY_JSON, SUMMARY_CSV = "sweep.json", "summary.json", "summary.csv"
OF_A_RUN = (
    "config.json", "metrics.jsonl", "model.safetensors", "checkpoint.safetensors", "task.json", "text.json",
    FILES_RECORD,
)  # fmt: skip
METRICS = ("coarse", "fine", "token", "loss")


def plan_of(cells: Mapping[str, Config]) -> dict[str, Any]:
    """Return what is known of a sweep before it begins: the configurations by name."""
    return {"cells": {name: to_json(config) for name, config in cells.items()}}


def write_sweep(path: Path, content: dict[str, Any]) -> None:
    """Write the plan of a sweep and, once it has ended, its results."""
    Run(path).write(SWEEP_FILE, to_json_text(content, indent=1) + "\n")


def keep(result: SweepResult, path: Path, plan: dict[str, Any]) -> None:
    """Write the result of a sweep, and copy the best member's run beside the members."""
    run = Run(path)
    for name in OF_A_RUN:
        file = path / result.best.name / name
        if file.exists():
            run.write(name, file.read_bytes())
    results = {
        "solved": result.solved,
        "of": len(result.members),
        "interval": result.interval,
        "best": result.best.name,
        "members": [described(member) for member in result.members],
    }
    write_sweep(path, plan | results)
    rows = [row_of(member) for member in result.members]
    groups = [{**group.options, **group._asdict()} for group in result.groups]
    for group in groups:
        del group["options"]
    run.write(SUMMARY_JSON, to_json_text({"rows": rows, "groups": groups}, indent=1) + "\n")
    run.write(SUMMARY_CSV, csv_text(rows))


def described(member: SweepMember) -> dict[str, Any]:
    """Return a member as plain data."""
    outcome = {name: value for name, value in member.outcome._asdict().items() if name not in ("message", "advice")}
    named = {"name": member.name, "seed": member.seed, "learning_rate": member.learning_rate}
    return {**named, **outcome, "validation": member.validation}


def row_of(member: SweepMember) -> dict[str, Any]:
    """Return a member as a flat row."""
    outcome = member.outcome
    ended = {name: getattr(outcome, name) for name in ("status", "steps", "restarts", "seconds")}
    metrics = {f"validation_{name}": finite_or_none(member.validation.get(name)) for name in METRICS}
    named = {"name": member.name, **member.options, "seed": member.seed}
    return {**named, **ended, **metrics, "solved": member.solved, "message": outcome.message}


def csv_text(rows: list[dict[str, Any]]) -> str:
    """Return flat rows as a table of comma-separated values, with a line of headings."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [*rows[0]], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
