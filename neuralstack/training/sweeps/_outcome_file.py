"""The file `outcome.json` of a run in a sweep: how its training ended, and of which configuration."""

from pathlib import Path
from typing import Any

from neuralstack._files import read_bounded
from neuralstack._json import parse_json, to_json_text
from neuralstack.training._advice import advise
from neuralstack.training._bounds import to_json
from neuralstack.training._config import Config
from neuralstack.training._outcome import Outcome
from neuralstack.training._run_directory import Run
from neuralstack.training._stopping import rank

OUTCOME_FILE = "outcome.json"
ENDED = ("perfect", "done", "failed")
NOTHING = {"coarse": 0.0, "fine": 0.0, "token": 0.0, "loss": float("inf")}  # before the first evaluation


def keep_outcome(outcome: Outcome, config: Config, run: Run) -> dict[str, Any]:
    """Write how a run ended, and return it as plain data."""
    kept = {name: value for name, value in outcome._asdict().items() if name != "advice"}
    content = {"config": to_json(config), **kept, "validation": best_validation(run)}
    run.write(OUTCOME_FILE, to_json_text(content, indent=1) + "\n")
    return content


def kept_outcome(path: Path, config: Config) -> dict[str, Any] | None:
    """Return how the run in a directory ended, or None if it has not, or was one of another configuration."""
    try:
        content = parse_json(read_bounded(path / OUTCOME_FILE))
        is_known = content["status"] in ENDED and isinstance(content["validation"], dict)
        return content if is_known and content["config"] == to_json(config) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def outcome_from(content: dict[str, Any], config: Config, run: Run) -> Outcome:
    """Return the outcome that was kept as plain data."""
    ended, records = content["status"] in ("perfect", "done"), run.metrics()
    kept = {name: content[name] for name in Outcome._fields if name != "advice"}
    return Outcome(**kept, advice=advise(config, records) if ended and records else None)


def best_validation(run: Run) -> dict[str, float]:
    """Return the validation metrics of the weights that a run kept."""
    records = run.metrics()
    return max(records, key=rank)["validation"] if records else NOTHING
