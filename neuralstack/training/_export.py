"""The curves of finished and running trainings, as event files for TensorBoard and as a table."""

import csv
import re
from io import StringIO
from pathlib import Path

from neuralstack._files import write_whole
from neuralstack.training._callbacks import flat_metrics
from neuralstack.training._event_file import EventFile, event_files, require_no_event_files
from neuralstack.training._run_directory import Run
from neuralstack.training._stopping import Record
from neuralstack.training.sweeps import SWEEP_FILE


def export_metrics(
    path: str | Path, *, tensorboard: str | Path | None = None, table: str | Path | None = None, overwrite: bool = False
) -> int:
    """Write the curves of a run, or of all runs of a sweep, as files for other programs, and return their number.

    The run may still be training; what it has evaluated so far is written. Tags and steps are those that
    `ns.TensorBoard` writes during training. A run records no times of day: the last evaluation has that of its file,
    and the others lie before it by the seconds of training in between.

    Args:
        path: The directory of the run or the sweep.
        tensorboard: The directory of the event files; the runs of a sweep have directories of their own in it.
        table: The file of a table with comma-separated values: one row for each evaluation.
        overwrite: Whether to replace event files or a table that are there already.

    Raises:
        ModuleNotFoundError: If tensorboardX is needed and not installed.
        ValueError: If there is no run, it has no evaluation yet or is broken, or files would be overwritten.
    """
    runs = evaluated_runs(Path(path))
    directories = {} if tensorboard is None else {name: Path(tensorboard) / name for name in runs}
    if not overwrite:
        for directory in directories.values():
            require_no_event_files(directory)
        if table is not None and Path(table).exists():
            raise ValueError(f"{str(table)!r} exists already: choose another file, or remove it.")
    rows = [
        {**({"run": name} if name else {}), "step": record["step"], **flat_metrics(record)}
        for name, run in runs.items()
        for record in run.metrics()
    ]
    for name, directory in directories.items():
        replaced = event_files(directory)
        write_events(runs[name], directory)
        for file in replaced:
            file.unlink()
    if table is not None:
        text = StringIO()
        writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_whole(Path(table), text.getvalue())
    return len(runs)


def evaluated_runs(path: Path) -> dict[str, Run]:
    """Return the runs with evaluations: those of a sweep by their names, or one run without a name.

    Raises:
        ValueError: If there is no run, or none has been evaluated.
    """
    if (path / SWEEP_FILE).is_file():
        members = sorted((file.parent for file in path.glob("*/config.json")), key=natural_order)
        runs = {member.name: Run.open(member) for member in members}
    else:
        runs = {"": Run.open(path)}
    evaluated = {name: run for name, run in runs.items() if run.metrics()}
    if not evaluated:
        raise ValueError(f"{str(path)!r} has no evaluation yet: train it further.")
    return evaluated


def natural_order(path: Path) -> list[str | int]:
    """Return a key to sort by, with which seed-9 comes before seed-10."""
    return [int(part) if part.isdigit() else part for part in re.split("([0-9]+)", path.name)]


def write_events(run: Run, directory: Path) -> None:
    """Write the evaluations of a run as a new event file."""
    records, ended = run.metrics(), run.file("metrics.jsonl").stat().st_mtime
    file = EventFile(directory)
    for record in records:
        file.write(record["step"], flat_metrics(record), wall_time(record, records[-1], ended))
    file.close()


def wall_time(record: Record, last: Record, ended: float) -> float:
    """Return about when an evaluation was made."""
    return ended - (last["seconds"] - record["seconds"])
