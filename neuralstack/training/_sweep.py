"""A sweep: one configuration trained with several seeds, and several learning rates, at once."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from neuralstack._arguments import require_object
from neuralstack._files import read_bounded
from neuralstack._json import parse_json, to_json_text
from neuralstack.evaluation import success_interval
from neuralstack.training._bounds import check_field, from_json, to_json
from neuralstack.training._complete import complete
from neuralstack.training._config import Config, OptimizerConfig
from neuralstack.training._file_places import keep_places, locate_data
from neuralstack.training._options import with_options
from neuralstack.training._outcome import Outcome
from neuralstack.training._own_parts import OwnParts, allowed_config
from neuralstack.training._refused import remove_first_files
from neuralstack.training._room import check_memory_size
from neuralstack.training._run_directory import Run
from neuralstack.training._stopping import rank
from neuralstack.training._train import train_all

SWEEP_FILE = "sweep.json"
MOST_SEEDS = 10_000  # each has its own directory, and all are in memory together
OF_A_RUN = ("config.json", "metrics.jsonl", "model.safetensors", "checkpoint.safetensors", "task.json", "text.json")


class SweepMember(NamedTuple):
    """The result of one member of a sweep."""

    name: str
    """Name of its run's directory inside that of the sweep."""
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
    """The result of a sweep."""

    members: list[SweepMember]
    best: SweepMember
    """The member with the best validation result; among equals, the first that did not fail."""
    solved: int
    """Number of members that answered every sequence of the validation set."""
    interval: tuple[float, float]
    """The 95% confidence interval of the probability that a member answers every sequence."""

    def __repr__(self) -> str:
        low, high = self.interval
        solved = f"{self.solved} of {len(self.members)} solved, 95% interval {low:.3f}-{high:.3f}"
        return f"SweepResult({solved}; best: {self.best.name})"


def sweep(
    config: Config,
    path: str | Path,
    *,
    seeds: int,
    learning_rates: Sequence[float] = (),
    resume: bool = False,
    show: bool = True,
) -> SweepResult:
    """Train one configuration with many seeds, with the same compiled program, over all devices that JAX sees.

    Each member is a run in its own directory, `seed-S` or `seed-S-rate-R`. The best of them by validation is copied
    beside them, so that the sweep's directory is itself a run, and `sweep.json` holds the outcome of each. Attempts
    restart only as configured (`restart_after`), and the number of restarts is reported.

    Args:
        config: What to train, and how; its seed is the first one.
        path: The sweep's directory.
        seeds: Number of consecutive seeds.
        learning_rates: Learning rates to train every seed with. Defaults to that of the configuration.
        resume: Continue an existing sweep; with more seeds than before, it grows.
        show: Whether to show progress on the terminal.

    Raises:
        ValueError: If there is nothing to train, the configuration is invalid, or the directory is in use.
        KeyboardInterrupt: If training was interrupted; all members can then be resumed.
    """
    require_object("config", config, Config, 'ns.Config("reversal")')
    if not 1 <= seeds <= MOST_SEEDS:
        raise ValueError(f"seeds must be at least 1 and at most {MOST_SEEDS}, got {seeds}.")
    if len(set(learning_rates)) < len(learning_rates):
        raise ValueError(f"learning_rates must each be given only once, got {', '.join(map(str, learning_rates))}.")
    for rate in learning_rates:
        check_field(OptimizerConfig, "learning_rate", rate, "learning_rates")
    check_memory_size(complete(config), seeds * max(1, len(learning_rates)))
    path = Path(path)
    if not resume:
        Run.require_empty(path)
    plan = {"config": to_json(config), "seeds": seeds, "learning_rates": list(learning_rates)}
    configs = [
        complete(with_options(config, seed=config.seed + number, learning_rate=rate))
        for rate in learning_rates or (config.optimizer.learning_rate,)
        for number in range(seeds)
    ]
    names = [
        f"seed-{run_config.seed}" + (f"-rate-{run_config.optimizer.learning_rate:g}" if learning_rates else "")
        for run_config in configs
    ]
    runs = [(run_config, path / name) for run_config, name in zip(configs, names, strict=True)]
    try:
        outcomes = train_all(runs, resume=resume, show=show, on_open=lambda: begin_sweep(path, plan, config))
    except Exception:
        if not resume and not any(run_path.exists() for _, run_path in runs):  # all were refused
            remove_first_files(path)
        raise
    if any(outcome.status == "interrupted" for outcome in outcomes):
        raise KeyboardInterrupt
    members = [
        SweepMember(
            name, run_config.seed, run_config.optimizer.learning_rate or 0.0, outcome, best_validation(Run(path / name))
        )
        for name, run_config, outcome in zip(names, configs, outcomes, strict=True)
    ]
    best = max(members, key=lambda member: (rank({"validation": member.validation}), member.outcome.status != "failed"))
    solved = sum(member.solved for member in members)
    result = SweepResult(members, best, solved, success_interval(solved, len(members)))
    keep(result, path, plan)
    return result


def best_validation(run: Run) -> dict[str, float]:
    """Return the validation metrics of the weights that a run kept."""
    records = run.metrics()
    nothing = {"coarse": 0.0, "fine": 0.0, "token": 0.0, "loss": float("inf")}
    return max(records, key=rank)["validation"] if records else nothing


def keep(result: SweepResult, path: Path, plan: dict[str, Any]) -> None:
    """Write the result of a sweep, and copy the best member's run beside the members."""
    run = Run(path)
    for name in OF_A_RUN:
        file = path / result.best.name / name
        if file.exists():
            run.write(name, file.read_bytes())
    members = [described(member) for member in result.members]
    results = {
        "solved": result.solved,
        "of": len(members),
        "interval": result.interval,
        "best": result.best.name,
        "members": members,
    }
    write_sweep(path, plan | results)


def begin_sweep(path: Path, plan: dict[str, Any], config: Config) -> None:
    """Write what is known of a sweep once it has begun."""
    write_sweep(path, plan)
    keep_places(config, path)


def write_sweep(path: Path, content: dict[str, Any]) -> None:
    """Write the plan of a sweep and, once it has ended, its results."""
    Run(path).write(SWEEP_FILE, to_json_text(content, indent=1) + "\n")


def resume_sweep(
    path: str | Path, *, seeds: int | None = None, own: OwnParts | None = None, show: bool = True, **options: Any
) -> SweepResult:
    """Continue the sweep in a directory as if it had never stopped.

    Args:
        path: The sweep's directory.
        seeds: Number of seeds; with more than before, the sweep grows. Defaults to that of the sweep.
        show: Whether to show progress on the terminal or in a notebook.
        own: The names of the sweep's `task`, `memory` and `controller`, if they are not the library's; their code is
            executed.
        options: New values of `max_steps`, `stop_after_perfect` or `extra_steps`, or the path of a `text` that has
            moved.

    Raises:
        ValueError: If there is no sweep, or one of its files is broken.
    """
    file = Path(path) / SWEEP_FILE
    try:
        plan = parse_json(read_bounded(file))
        config, count, rates = from_json(Config, plan["config"]), int(plan["seeds"]), tuple(plan["learning_rates"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{str(file)!r} cannot be read ({error}): restore it, or start another sweep.") from None
    config = replace(config, data=locate_data(config.data, Path(path)))
    config = allowed_config(config, Path(path), own or {})
    return sweep(
        with_options(config, **options), path, seeds=seeds or count, learning_rates=rates, resume=True, show=show
    )


def described(member: SweepMember) -> dict[str, Any]:
    """Return a member as plain data."""
    outcome = {name: value for name, value in member.outcome._asdict().items() if name not in ("message", "advice")}
    named = {"name": member.name, "seed": member.seed, "learning_rate": member.learning_rate}
    return {**named, **outcome, "validation": member.validation}
