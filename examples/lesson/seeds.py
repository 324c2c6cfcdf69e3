"""Training of every variant of the network from many seeds, with a result file for each, so none is trained twice."""

import json
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from neuralstack.evaluation import success_interval

from .report import has_learned
from .strengths import learn_strengths
from .training import Settings, evaluate, train


@dataclass(frozen=True)
class Variant:
    """One way to train the network, and the number of seeds, starting from 0."""

    name: str
    label: str
    settings: Settings
    seeds: int = 20


VARIANTS = (
    Variant("plain", "no cure", Settings()),
    Variant("biases", "biases only", Settings(bias=1.0)),
    Variant("auxiliary", "losses only", Settings(auxiliary=1.0)),
    Variant("cure", "the cure", Settings(bias=1.0, auxiliary=1.0)),
)
QUICK = tuple(
    replace(variant, seeds=3, settings=replace(variant.settings, updates=400, goal=6)) for variant in VARIANTS
)
COMMAND = "python -m examples.lesson"


def run_lesson(
    path: Path,
    variants: Sequence[Variant] = VARIANTS,
    command: str = COMMAND,
    learn: Callable[[], dict[str, Any]] = learn_strengths,
) -> dict[str, Any]:
    """Learn strengths without a network, then train every variant under `path`, or read existing results.

    Args:
        path: The directory of the seeds' files and of `result.json`.
        variants: The variants to train.
        command: The command to record in the result.
        learn: Function that learns the strengths without a network.

    Returns:
        The content of `result.json`: the strengths found without a network, each seed's result, versions and command.

    Raises:
        ValueError: If a seed's file under `path` is broken, or was written with other settings.
    """
    path.mkdir(parents=True, exist_ok=True)  # fails before training if nothing can be written
    result: dict[str, Any] = {
        "experiment": "lesson",
        "command": command,
        "versions": {package: version(package) for package in ("neuralstack", "numpy")},
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {platform.system()}",
        "strengths": learn(),
        "variants": {},
    }
    for variant in variants:
        runs = []
        for run in train_seeds(variant, path):
            runs.append(run)
            learned = sum(map(has_learned, runs))
            print(f"{variant.label}: {learned} of {len(runs)} seeds learned, of {variant.seeds} to train")
        result["variants"][variant.name] = summarize(variant, runs)
        write_json(path / "result.json", result)
    return result


def train_seeds(variant: Variant, path: Path) -> Iterator[dict[str, Any]]:
    """Train every seed of a variant under `path`, or read its file, and yield each seed's result."""
    for seed in range(variant.seeds):
        file = path / variant.name / f"{seed}.json"
        if not file.is_file():
            write_json(file, train_seed(variant.settings, seed))
        yield read_seed(file, variant.settings)


def train_seed(settings: Settings, seed: int) -> dict[str, Any]:
    """Train one seed, and evaluate it at the last length of the curriculum and at twice that length.

    >>> result = train_seed(Settings(updates=2), seed=0)
    >>> result["longest"], result["right"].keys(), len(result["push"])
    (1, dict_keys(['10', '20']), 21)
    """
    started = time.perf_counter()
    trained = train(settings, seed)
    seconds = time.perf_counter() - started
    near, far = (evaluate(trained.weights, length) for length in (settings.goal, 2 * settings.goal))
    push, pop = near.strengths.T
    return {
        "seed": seed,
        "settings": asdict(settings),
        "longest": trained.longest,
        "updates": trained.updates,
        "seconds": seconds,
        "right": {str(settings.goal): near.right, str(2 * settings.goal): far.right},
        "push": push.tolist(),
        "pop": pop.tolist(),
    }


def read_seed(file: Path, settings: Settings) -> dict[str, Any]:
    """Read the result of a seed.

    Raises:
        ValueError: If the file is broken, or was written with other settings.
    """
    try:
        result = json.loads(file.read_text())
        same = result["settings"] == asdict(settings)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"{str(file)!r} is broken ({error!r}): remove it to train the seed again.") from None
    if not same:
        raise ValueError(
            f"{str(file)!r} has the settings {result['settings']}, but this run needs {asdict(settings)}: "
            "choose another directory, or remove the file."
        )
    return result


def summarize(variant: Variant, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the number of seeds of a variant that learned, and the result of each."""
    learned = sum(map(has_learned, runs))
    return {
        "label": variant.label,
        "config": asdict(variant.settings),
        "seeds": len(runs),
        "learned": learned,
        "interval": list(success_interval(learned, len(runs))),
        "runs": runs,
    }


def write_json(file: Path, content: dict[str, Any]) -> None:
    """Write a file atomically."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps(content, indent=1) + "\n")
    os.replace(partial, file)
