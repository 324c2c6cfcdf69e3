"""Running an experiment: every seed of every variant is a run, and nothing is trained twice."""

import os
import platform
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import nullcontext
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

from neuralstack._json import to_json_text
from neuralstack._runtime import lightly_compiled
from neuralstack.experiments._experiment import Experiment, Measure, Measured, Result, Variant
from neuralstack.experiments._parallel import map_on_cores
from neuralstack.experiments._progress import Report, SeedsDone, run_heartbeat
from neuralstack.experiments._seed import read_seed, run_of, train_seed
from neuralstack.experiments._workers import train_on
from neuralstack.training import DataConfig, Run, complete


def reproduce(
    experiment: Experiment,
    path: str | Path,
    *,
    quick: bool = False,
    executor: Executor | None = None,
    report: Report = print,
    on_seed: Callable[[Measured], None] = lambda run: None,
) -> Result:
    """Run an experiment, print its tables beside the published numbers, and draw its figures.

    Every seed is a run under `path`, where `result.json` is written after each. A seed with a result is not trained
    again, and an interrupted one is resumed, so that the same call continues an experiment.

    Args:
        experiment: The experiment.
        path: Its directory.
        quick: Whether to run the quick version.
        executor: The workers that train, as for `sweep`. Without one, this process does.
        report: Called with each line of progress, and with each table.
        on_seed: Called with the result of each seed, in order.

    Returns:
        The content of `result.json`.

    Raises:
        ValueError: If `path` holds a seed with other settings, or a worker could not train one.
        KeyboardInterrupt: If Ctrl-C was pressed; what was trained is kept.
    """
    path = Path(path)
    path.mkdir(parents=True, exist_ok=True)  # fails before anything is trained if nothing can be written
    variants = experiment.quick.variants if quick else experiment.variants
    if executor is not None:
        train_on(executor, experiment, variants, path, report, quick=quick)
    result: Result = {**provenance(experiment, quick=quick), "variants": {}}
    runs: dict[str, list[Measured]] = {variant.name: [] for variant in variants}
    with lightly_compiled() if quick and experiment.quick.unoptimized else nullcontext():
        for variant, run in trained(experiment, variants, path, report, quick=quick):
            kept = runs[variant.name]
            kept.append(run)
            result["variants"][variant.name] = {**describe(variant), **experiment.summarize(kept), "runs": kept}
            write_result(result, path)
            on_seed(run)
    result["curves"] = {name: Run(path / name / "0").metrics() for name in experiment.curves}
    write_result(result, path)
    for table in experiment.tables(result):
        report(f"{table.text(get_terminal_size().columns)}\n")
    if experiment.appendix:
        report(experiment.appendix(path))
    for draw in experiment.figures:
        draw(result, path)
    if experiment.write:
        experiment.write(result, path)
    report(f"result and figures: {path}")
    return result


def trained(
    experiment: Experiment, variants: Sequence[Variant], path: Path, report: Report, *, quick: bool
) -> Iterator[tuple[Variant, Measured]]:
    """Train or read every seed, on all cores if the experiment says so, and yield the results in order."""
    parallel = experiment.quick.parallel if quick else experiment.parallel
    measure = (experiment.quick.measure if quick else None) or experiment.measure
    seeds = [(variant, seed) for variant in variants for seed in variant.all_seeds]
    to_train = sum(not run_of(path, *seed).file("result.json").is_file() for seed in seeds)
    done = SeedsDone(len(seeds), to_train, (os.cpu_count() or 1) if parallel else 1)

    def work(seed: tuple[Variant, int]) -> tuple[Variant, Measured]:
        return seed[0], result_of_seed(*seed, path, measure, experiment.headline, report, done)

    yield from (map_on_cores if parallel else map)(work, seeds)


def result_of_seed(
    variant: Variant, seed: int, path: Path, measure: Measure, headline: Any, report: Report, done: SeedsDone
) -> Measured:
    """Train a seed of a variant under `path`, or read its result; report and return the result."""
    first, last = variant.all_seeds[0], variant.all_seeds[-1]
    name = f"{variant.name}, seed {seed} of {first}-{last}" if variant.seeds > 1 else variant.name
    config, run = variant.config_of_seed(seed), run_of(path, variant, seed)
    is_trained = not run.file("result.json").is_file()
    if is_trained:
        with run_heartbeat(name, run, report):
            train_seed(variant.name, config, run, measure)
    measured = read_seed(run, config)
    seconds = measured["wall_seconds"]
    outcome = f"{'trained' if is_trained else 'read'}, {measured['steps']} batches, {seconds:.0f} s"
    how_far = done.finish(seconds if is_trained else None)
    report(f"{name}: {outcome}, {headline(measured)}; {how_far}")
    return measured


def describe(variant: Variant) -> dict[str, Any]:
    """Return what the result holds about a variant besides its runs."""
    config = complete(variant.config)
    return {
        "label": variant.label,
        "group": variant.group,
        "seeds": variant.seeds,
        "settings": {
            "connection": config.machine.connection,
            "learning rate": config.optimizer.learning_rate,
            "warm-up lengths": getattr(config.curriculum, "lengths", ()),
            "binarization": config.objective.binarization,
            "restart after": config.stopping.restart_after,
            "most batches": config.max_steps,
        },
        # The characters of a text are in the configurations of its runs.
        "config": asdict(replace(config, data=DataConfig(config.data.text))),
    }


def provenance(experiment: Experiment, *, quick: bool) -> dict[str, Any]:
    """Return how a result is made: the experiment, the command, the versions and the computer."""
    return {
        "experiment": experiment.name,
        "command": experiment.command(quick=quick),
        "versions": {package: version(package) for package in ("neuralstack", "jax", "equinox", "optax")},
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {platform.system()}",
    }


def write_result(result: Result, path: Path) -> None:
    """Write a result atomically."""
    Run(path).write("result.json", to_json_text(result, indent=1) + "\n")
