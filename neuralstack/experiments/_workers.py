"""The seeds of an experiment, trained by the workers of an executor."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from neuralstack._runtime import LIGHTLY, compile_lightly, lightly_compiled
from neuralstack.experiments._experiment import Experiment, Variant
from neuralstack.experiments._progress import Report
from neuralstack.experiments._seed import run_of, train_seed
from neuralstack.training import Answer, Dispatcher, Record, Watch, displayed, guarded, new_call, require_same_version

RETRIES = 10


def train_on(
    executor: Executor, experiment: Experiment, variants: Sequence[Variant], path: Path, report: Report, *, quick: bool
) -> None:
    """Let the workers of an executor train and measure every seed that has no result yet.

    Raises:
        ValueError: If the experiment is not one of the package, or a seed failed.
    """
    from neuralstack import __version__
    from neuralstack.experiments import EXPERIMENTS

    if experiment.name not in EXPERIMENTS:
        raise ValueError(f"workers find an experiment by its name, but {experiment.name!r} is not in EXPERIMENTS.")
    seeds = {f"{variant.name}/{seed}": (variant, seed) for variant in variants for seed in variant.all_seeds}
    left = {name: seed for name, seed in seeds.items() if not run_of(path, *seed).file("result.json").is_file()}
    if not left:
        return
    require_same_version(executor)
    common = {
        "path": os.path.abspath(path), "call": new_call(), "retries": RETRIES, "version": __version__,
        "experiment": experiment.name, "chosen": dict(experiment.chosen), "quick": quick,
        "lightly": LIGHTLY in os.environ.get("XLA_FLAGS", ""),
    }  # fmt: skip
    tasks = {
        name: {"name": name, "variant": variant.name, "seed": seed, **common} for name, (variant, seed) in left.items()
    }
    configs = {name: variant.config_of_seed(seed) for name, (variant, seed) in seeds.items()}
    read: dict[str, Answer] = {name: {"status": "done", "message": ""} for name in seeds.keys() - left.keys()}

    def on_answer(name: str, answer: Answer) -> None:
        report(f"{name}: {answer['status']}, {answer['message']}")

    dispatcher = Dispatcher(train_seed_elsewhere, tasks, executor, retries=RETRIES, on_answer=on_answer)
    with displayed(Watch(path, configs), enabled=True) as shown:
        answers = dispatcher.run(shown.update, read)
    failed = {name: answer["message"] for name, answer in answers.items() if answer["status"] == "failed"}
    if failed:
        name, message = next(iter(failed.items()))
        raise ValueError(f"{len(failed)} of {len(seeds)} seeds failed, first {name}: {message}")


def train_seed_elsewhere(task: dict[str, Any]) -> Answer:
    """Train and measure a seed, in a worker.

    Args:
        task: Plain data: the name of the `experiment`, what was `chosen` of it, whether it is the `quick` run and is
            compiled `lightly`, the `variant`, the `seed`, and what `guarded` needs.
    """
    if task["lightly"]:
        compile_lightly()  # before anything is computed, which the experiments may do

    from neuralstack.experiments import EXPERIMENTS

    def work(progress: Callable[[Record], None], stop: Callable[[], bool]) -> Answer:
        experiment, quick = EXPERIMENTS[task["experiment"]], task["quick"]
        if experiment.choose is not None:
            experiment = experiment.choose(**task["chosen"])
        variants = experiment.quick.variants if quick else experiment.variants
        (variant,) = [variant for variant in variants if variant.name == task["variant"]]
        config, run = variant.config_of_seed(task["seed"]), run_of(Path(task["path"]), variant, task["seed"])
        measure = (experiment.quick.measure if quick else None) or experiment.measure
        if not run.file("result.json").is_file():
            with lightly_compiled() if quick and experiment.quick.unoptimized else nullcontext():
                train_seed(variant.name, config, run, measure, progress=progress, stop=stop)
        return {"status": "done", "message": f"in {run.path}"}

    return guarded(task, work)
