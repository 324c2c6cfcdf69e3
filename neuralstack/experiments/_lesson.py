"""The lesson: a recurrent network in NumPy learns to reverse bits with a neural stack, or pushes always and pops half.

A public tutorial on the neural stack, of six parts: the paper's Figure 1a; pops, then pushes and pops, then both from a
layer, learned without a network; a recurrent network with a curriculum; and the cure for what that network does. It
looked at the strengths. Here the seeds that learn are counted too, and each half of the cure is measured on its own.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from neuralstack.evaluation import success_interval
from neuralstack.experiments._lesson_report import draw_strengths, has_learned, table_rows
from neuralstack.experiments._lesson_strengths import strengths_without_a_network
from neuralstack.experiments._lesson_training import Settings, measure, train
from neuralstack.experiments._result import result_of, write_result
from neuralstack.reporting import table
from neuralstack.training import Run


@dataclass(frozen=True)
class Variant:
    """One way to train the network, and from how many seeds, beginning with 0."""

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
QUICK_SEEDS, QUICK_UPDATES, QUICK_GOAL = 3, 400, 6


def reproduce(path: str | Path, *, quick: bool = False) -> dict[str, Any]:
    """Bits reversed by a NumPy network with gradients by hand, with and without the cure of a public tutorial.

    Every network is trained under `path`, where `result.json` and the figure are written. What was trained before is
    read, not trained again.

    Args:
        path: The experiment's directory.
        quick: Train 3 seeds of each variant on shorter strings.

    Returns:
        What `result.json` holds: the strengths found without a network, each seed's result, versions and the command.

    Raises:
        ValueError: If a result under `path` is broken, or of other settings.
    """
    path, console = Path(path), Console()
    result: dict[str, Any] = result_of("lesson", quick=quick)
    result["versions"]["numpy"] = version("numpy")
    path.mkdir(parents=True, exist_ok=True)  # where nothing can be written, it is known before anything is trained
    result |= {"strengths": strengths_without_a_network(), "arms": {}}
    for variant in quick_variants() if quick else VARIANTS:
        runs = track(
            train_seeds(variant, path), variant.label, variant.seeds, console=console, disable=not console.is_terminal
        )
        result["arms"][variant.name] = summarize(variant, list(runs))
        write_result(result, path)
        learned = result["arms"][variant.name]["learned"]
        console.print(f"{variant.label}: {learned} of {variant.seeds} seeds learned", highlight=False)
    draw_strengths(result, path / "strengths")
    for title, columns, rows in table_rows(result):
        console.print(table(title, columns, rows, texts=1 + ("source" in columns)))
    console.print(f"result and figure: {path}")
    return result


def quick_variants() -> list[Variant]:
    """Return the variants of a run of a minute."""
    return [
        replace(one, seeds=QUICK_SEEDS, settings=replace(one.settings, updates=QUICK_UPDATES, goal=QUICK_GOAL))
        for one in VARIANTS
    ]


def train_seeds(variant: Variant, path: Path) -> Iterator[dict[str, Any]]:
    """Train every seed of a variant under `path`, or read what it gave before, and say what each gave."""
    for seed in range(variant.seeds):
        run = Run(path / variant.name / str(seed))
        if not run.file("result.json").is_file():
            run.write("result.json", json.dumps(train_seed(variant.settings, seed), indent=1) + "\n")
        yield read_seed(run.file("result.json"), variant.settings)


def train_seed(settings: Settings, seed: int) -> dict[str, Any]:
    """Train one seed, and measure it at the longest length of the curriculum and at twice that.

    Examples:
        >>> found = train_seed(Settings(updates=2), seed=0)
        >>> found["longest"], found["right"].keys(), len(found["push"])
        (1, dict_keys(['10', '20']), 21)
    """
    started = time.perf_counter()
    trained = train(settings, seed)
    seconds = time.perf_counter() - started
    near, far = (measure(trained.weights, length) for length in (settings.goal, 2 * settings.goal))
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
    """Read what a seed gave.

    Raises:
        ValueError: If the file is broken, or of other settings.
    """
    try:
        found = json.loads(file.read_text())
        of_these = found["settings"] == asdict(settings)
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{str(file)!r} is broken ({error!r}): remove it, and the seed is trained again.") from None
    if not of_these:
        raise ValueError(
            f"{str(file)!r} is of {found['settings']}, needed is {asdict(settings)}: give another --out, or remove it."
        )
    return found


def summarize(variant: Variant, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Gather what the seeds of a variant gave: how many learned, and everything they gave."""
    learned = sum(map(has_learned, runs))
    return {
        "label": variant.label,
        "config": asdict(variant.settings),
        "seeds": len(runs),
        "learned": learned,
        "interval": list(success_interval(learned, len(runs))),
        "runs": runs,
    }
