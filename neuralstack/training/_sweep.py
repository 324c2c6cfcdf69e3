"""A population: one configuration trained from several seeds, and with several learning rates, at once."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from neuralstack.evaluation import success_interval
from neuralstack.training._build import complete
from neuralstack.training._config import Config
from neuralstack.training._loop import Outcome, rank, train_all
from neuralstack.training._run import Run

SUMMARY = "population.json"
OF_A_RUN = ("config.json", "metrics.jsonl", "model.safetensors", "checkpoint.safetensors")


class SweepMember(NamedTuple):
    """What became of one member."""

    name: str
    """Of its run's directory in that of the population."""
    seed: int
    learning_rate: float
    outcome: Outcome
    validation: dict[str, float]
    """Accuracies and loss of its best weights on the validation set."""

    @property
    def solved(self) -> bool:
        """Whether it answered every sequence of the validation set."""
        return self.validation.get("coarse") == 1


class SweepResult(NamedTuple):
    """What became of a population."""

    members: list[SweepMember]
    best: SweepMember
    """The member that did best on the validation set; the first one of several."""
    solved: int
    """How many members answered every sequence of the validation set."""
    interval: tuple[float, float]
    """The 95% confidence interval of the probability to be solved."""


def sweep(
    config: Config,
    path: str | Path,
    *,
    seeds: int,
    learning_rates: Sequence[float] = (),
    resume: bool = False,
    show: bool = True,
) -> SweepResult:
    """Train one configuration from many seeds by the same compiled program, over all devices that JAX sees.

    Each member is a run in a directory of its own, `seed-S` or `seed-S-rate-R`. Beside them stands the best of them by
    validation, so that the population's directory is itself a run, and `population.json` holds what became of each.
    Members that are hopeless start anew only as the configuration says (`restart_after`), and how often is reported.

    Args:
        config: What to train, and how; its seed is the first one.
        path: The population's directory.
        seeds: How many seeds, one after the other.
        learning_rates: Learning rates to train every seed with; unless said, the configuration's.
        resume: Continue what is there; with more seeds than it was begun with, it grows.
        show: Whether to show progress on the terminal.

    Raises:
        ValueError: If there is nothing to train, the configuration is impossible, or the directory is in use.
        KeyboardInterrupt: If it was interrupted; all members can then be resumed.
    """
    if seeds < 1:
        raise ValueError(f"a population needs at least 1 seed, got {seeds}.")
    if len(set(learning_rates)) < len(learning_rates):
        raise ValueError(f"each learning rate is to be given once, got {', '.join(map(str, learning_rates))}.")
    path = Path(path)
    configs = [
        complete(replace(config, seed=config.seed + number, learning_rate=rate))
        for rate in learning_rates or (config.learning_rate,)
        for number in range(seeds)
    ]
    names = [f"seed-{one.seed}" + (f"-rate-{one.learning_rate:g}" if learning_rates else "") for one in configs]
    if not resume:
        Run.require_empty(path)
    runs = [(one, path / name) for one, name in zip(configs, names, strict=True)]
    outcomes = train_all(runs, resume=resume, show=show)
    if any(outcome.status == "interrupted" for outcome in outcomes):
        raise KeyboardInterrupt
    members = [
        SweepMember(name, one.seed, one.learning_rate or 0.0, outcome, best_validation(Run(path / name)))
        for name, one, outcome in zip(names, configs, outcomes, strict=True)
    ]
    best = max(members, key=lambda member: rank({"validation": member.validation}))
    solved = sum(member.solved for member in members)
    population = SweepResult(members, best, solved, success_interval(solved, len(members)))
    keep(population, path)
    return population


def best_validation(run: Run) -> dict[str, float]:
    """Return what the weights that a run kept scored on the validation set."""
    records = run.metrics()
    nothing = {"coarse": 0.0, "fine": 0.0, "token": 0.0, "loss": float("inf")}
    return max(records, key=rank)["validation"] if records else nothing


def keep(population: SweepResult, path: Path) -> None:
    """Write what became of a population, and put the best member's run beside the members'."""
    run = Run(path)
    for name in OF_A_RUN:
        shutil.copyfile(path / population.best.name / name, run.file(name + ".partial"))
        run.file(name + ".partial").replace(run.file(name))
    members = [described(member) for member in population.members]
    summary = {
        "solved": population.solved,
        "of": len(members),
        "interval": population.interval,
        "best": population.best.name,
        "members": members,
    }
    run.write(SUMMARY, json.dumps(summary, indent=1) + "\n")


def described(member: SweepMember) -> dict[str, Any]:
    """Return a member as plain data."""
    outcome = {name: value for name, value in member.outcome._asdict().items() if name != "message"}
    named = {"name": member.name, "seed": member.seed, "learning_rate": member.learning_rate}
    return {**named, **outcome, "validation": member.validation}
