"""A seed of an experiment: one run, trained and measured."""

import time
from pathlib import Path
from typing import Any

from neuralstack._files import read_bounded
from neuralstack._json import parse_json, to_json_text
from neuralstack.experiments._experiment import Measure, Measured, Variant
from neuralstack.training import Config, Run, train


def run_of(path: Path, variant: Variant, seed: int) -> Run:
    """Return the directory of a seed."""
    return Run(path / variant.name / str(seed))


def train_seed(variant: str, config: Config, run: Run, measure: Measure, **during: Any) -> None:
    """Train a run, or resume it, measure it, and write its `result.json`.

    The result holds the outcome of training, the measurements, and `wall_seconds`: the total time of the seed,
    including compilation, evaluations and writing.

    Args:
        variant: The name of the variant.
        config: The complete configuration.
        run: The run.
        measure: What to measure.
        during: The functions `progress` and `stop` of `train`, if any.

    Raises:
        KeyboardInterrupt: If training was interrupted.
    """
    started = time.perf_counter()
    outcome = train(config, run.path, resume=True, show=False, **during)
    if outcome.status == "interrupted":
        raise KeyboardInterrupt
    result = {
        "variant": variant,
        "seed": config.seed,
        **{name: getattr(outcome, name) for name in ("status", "steps", "restarts", "seconds")},
        **measure(run, config),
    }
    run.write("result.json", to_json_text({**result, "wall_seconds": time.perf_counter() - started}, indent=2))


def read_seed(run: Run, config: Config) -> Measured:
    """Read the result of a seed.

    Raises:
        ValueError: If the file is broken, or the run has another configuration.
    """
    file = run.file("result.json")
    try:
        content = parse_json(read_bounded(file))
        broken = not {"variant", "steps", "wall_seconds"} <= content.keys()
    except (ValueError, AttributeError):
        content, broken = {}, True
    if broken:
        raise ValueError(f"{str(file)!r} is broken or of another version: remove it, or use another directory.")
    if Run.open(run.path).config() != config:
        raise ValueError(f"the run in {str(run.path)!r} was trained with another configuration: use another directory.")
    return content
