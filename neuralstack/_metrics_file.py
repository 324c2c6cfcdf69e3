"""The file of a run's evaluations, with one JSON object per line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from neuralstack._files import read_bounded
from neuralstack._json import parse_json, to_json_text

LEARNED = 0.5  # of the validation sequences answered without an error
NUMBERS = {"step": int, "attempt": int, "seconds": float}

Record = dict[str, Any]
"""One evaluation: `step`, `attempt`, `loss`, `accuracy`, and the metrics of each set by name, such as `validation`."""


def read_metrics(path: Path) -> list[Record]:
    """Read the evaluations of a run; an incomplete last line, left by a killed process, is ignored.

    Raises:
        ValueError: If another line is broken.
    """
    lines = read_bounded(path).decode(errors="replace").splitlines() if path.is_file() else []
    records = []
    for number, line in enumerate(lines, 1):
        try:
            records.append(_checked(parse_json(line)))
        except ValueError as error:
            if number == len(lines):
                break
            raise ValueError(f"{str(path)!r} is broken at line {number} ({error}): remove that line.") from None
    return records


def metrics_text(records: Sequence[Record]) -> str:
    """Return evaluations as the content of a metrics file."""
    return "".join(to_json_text(record) + "\n" for record in records)


def rank(record: Record) -> tuple[float, ...]:
    """Return the sort key of an evaluation: coarse, then fine validation accuracy; for a text, the negative loss.

    A rounded machine that has learned ranks above one that is not rounded yet.
    """
    scores = record["validation"]
    if "coarse" not in scores:
        return (-scores["loss"],)
    rounded = record.get("quantization", 0) > 0 and scores["coarse"] >= LEARNED
    return float(rounded), scores["coarse"], scores["fine"]


def _checked(record: Any) -> Record:
    """Check one evaluation, and return it with NaN in place of null."""
    if not isinstance(record, dict) or not isinstance(record.get("validation"), dict):
        raise ValueError("it is not an evaluation")
    for name, kind in NUMBERS.items():
        value = record.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, kind)):
            raise ValueError(f"its {name} must be a number, got {value!r}")
    record = _null_as_nan(record)
    validation = record["validation"]
    if not ({"coarse", "fine"} <= validation.keys() or "loss" in validation):
        raise ValueError("its validation has no accuracy and no loss")
    for name, value in validation.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"its validation {name} must be a number, got {value!r}")
    return record


def _null_as_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _null_as_nan(item) for name, item in value.items()}
    return float("nan") if value is None else value
