"""Training one configuration from many seeds, each kept as a run: what was done is not redone."""

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from neuralstack.evaluation import evaluate, fixed_set, success_interval
from neuralstack.training import Config, Run, build_task, complete, defer_keyboard_interrupt, train

Item = TypeVar("Item")
Made = TypeVar("Made")
Measure = Callable[[Run, Config], dict[str, Any]]
"""From a trained run and its complete configuration to what its result says of it."""


@dataclass(frozen=True)
class Arm:
    """One configuration of an experiment, and how many seeds it is trained from, beginning with 0."""

    name: str
    label: str
    config: Config
    seeds: int
    watch_first: bool = True
    """Whether the first seed's curves show the test set too; it decides nothing."""


def map_on_cores(work: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[Made]:
    """Do some work on each of several items, as many at once as there are cores, and yield what it makes in order.

    What mostly compiles is done sooner so. Machines that are being trained heed the interruption of the whole.
    """
    with defer_keyboard_interrupt() as interrupted, ThreadPoolExecutor(os.cpu_count()) as pool:

        def do(item: Item) -> Made:
            if interrupted():
                raise KeyboardInterrupt
            return work(item)

        doing = [pool.submit(do, item) for item in items]
        try:
            for future in doing:
                # Not without limit: a signal that comes just before a wait does not end it, and is heeded after it.
                while not wait([future], timeout=0.1).done:
                    pass
                yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def fixed_sets(run: Run, config: Config) -> dict[str, Any]:
    """Return the accuracies on the fixed sets of the training and of the test lengths."""
    machine, task = run.load_model(), build_task(config)
    return {
        name: {part: getattr(report, part) for part in ("coarse", "fine", "token", "loss")}
        for name, lengths in (("train", config.lengths), ("test", task.test_lengths))
        for report in [evaluate(machine, fixed_set(task, lengths))]
    }


def train_seeds(arm: Arm, path: Path, measure: Measure = fixed_sets) -> Iterator[dict[str, Any]]:
    """Train every seed of an arm under `path`, or read what it gave before, and say what each gave.

    Args:
        arm: What is trained.
        path: The experiment's directory.
        measure: What is measured of each run once it is trained.

    Yields:
        The name of the arm, the seed, how its training ended, what was measured, and `wall_seconds`: everything that a
        seed costs, with compilation, evaluations and writing.
    """
    for seed in range(arm.seeds):
        config = complete(replace(arm.config, seed=seed, watch_test=arm.watch_first and seed == 0))
        run = Run(path / arm.name / str(seed))
        if not run.file("result.json").is_file():
            started = time.perf_counter()
            outcome = train(config, run.path, resume=True, show=False)
            if outcome.status == "interrupted":
                raise KeyboardInterrupt
            result = {"arm": arm.name, "seed": seed, **outcome._asdict(), **measure(run, config)}
            del result["message"]
            run.write("result.json", json.dumps({**result, "wall_seconds": time.perf_counter() - started}, indent=2))
        yield json.loads(run.file("result.json").read_text())


def summarize(arm: Arm, results: list[dict[str, Any]]) -> dict[str, Any]:
    """Gather what the seeds of an arm gave: how many were solved, with what, and in what time.

    A seed is solved when the soft machine answers every sequence of the task's fixed test set, which decides nothing
    in training. The best seed has the best accuracies on the training lengths and, of several, the least loss there.
    """
    solved = [result["test"]["coarse"] == 1 for result in results]
    seconds = sorted(result["seconds"] for result in results)
    steps = sorted(result["steps"] for result in results)
    low, high = success_interval(sum(solved), len(solved))
    best = max(
        results, key=lambda result: (*(result["train"][part] for part in ("coarse", "fine")), -result["train"]["loss"])
    )
    return {
        "label": arm.label,
        "config": asdict(complete(arm.config)),
        "seeds": len(results),
        "solved": sum(solved),
        "interval": [low, high],
        "restarted": sum(result["restarts"] > 0 for result in results),
        "median_steps": steps[len(steps) // 2],
        "most_steps": steps[-1],
        "median_seconds": seconds[len(seconds) // 2],
        "most_seconds": seconds[-1],
        "best": {"seed": best["seed"], "train": best["train"], "test": best["test"]},
        "runs": results,
    }
