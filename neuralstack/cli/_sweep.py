"""`neuralstack sweep`."""

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuralstack.cli._kinds import Address, Choices, Count, OptionalPath, TaskOrFile, Whole
from neuralstack.cli._output import print_table
from neuralstack.cli._status import WRONG
from neuralstack.cli._train_options import TrainOptions
from neuralstack.cli._workers import workers_of
from neuralstack.training import status_of_interrupt, stop_within_seconds

if TYPE_CHECKING:
    from neuralstack.training import Config, SweepResult

SWITCHES = ("log_test", "no_log_test")
FEW = 40  # members that are listed


@dataclass(frozen=True)
class Sweep(TrainOptions):
    """Train every combination of some options, on all cores of a computer or of a cluster.

    The same command again goes on where it stopped.
    """

    task: TaskOrFile = None
    """The task to learn, as for train; or a configuration, as TOML or as the config.json of a run."""
    out: OptionalPath = None
    """The directory of the sweep, with a run for each combination and seed (default: runs/TASK-sweep)."""
    grid: Choices = ()
    """An option of train and the values to try, as in learning_rate=1e-3,3e-3; given several times, every combination
    is trained."""
    seeds: Count = 1
    """Train each combination with this many seeds, starting from --seed."""
    workers: Whole = None
    """Number of processes on this computer (default: one for each core)."""
    dask: Address = None
    """Train on the Dask cluster whose scheduler has this address."""
    retries: Count = 10
    """Number of times that a training is given to another worker after its worker has died."""

    def __call__(self) -> int:
        """Train, and print the outcome."""
        from neuralstack.training import sweep

        cells, out = self.cells(), self._directory()
        interrupted = f"neuralstack: interrupted; what was trained is kept in {out}: the same command goes on"
        try:
            with stop_within_seconds(interrupted), workers_of(self.workers, self.dask) as executor:
                result = sweep(cells, out, executor=executor, retries=self.retries)
        except KeyboardInterrupt:
            print(interrupted, file=sys.stderr)
            return status_of_interrupt()
        return report(result, out)

    def cells(self) -> "dict[str, Config]":
        """Return the configurations that the options define, by name."""
        from neuralstack.training import cells_of

        varied, given = dict(map(varied_option, self.grid)), self.given()
        if len(varied) < len(self.grid):
            raise ValueError("--grid must name every option only once: give all its values together.")
        if twice := sorted(given.keys() & varied.keys()):
            raise ValueError(f"give --{twice[0].replace('_', '-')} or --grid {twice[0]}, not both.")
        build, first_seed = self._builder(given)
        return cells_of(build, varied, seeds=self.seeds, first_seed=first_seed)

    def _builder(self, given: dict[str, Any]) -> "tuple[Callable[..., Config], int]":
        """Return the function that makes a configuration of what varies, and the first seed."""
        from neuralstack.training import config_from_file, configure, with_options

        if self.task is None:
            raise ValueError("sweep needs a task or a configuration: see neuralstack list, neuralstack sweep --help.")
        if self.task.endswith((".toml", ".json")):
            base = with_options(config_from_file(self.task), **given)
            return (lambda **varied: with_options(base, **varied)), base.seed

        def build(*, task: str | None = self.task, **varied: Any) -> "Config":
            return configure(str(task), **{**given, **varied})

        return build, given.get("seed", 0)

    def _directory(self) -> Path:
        """Return the directory of the sweep."""
        name = re.sub(r"(\.py)?:|\.(toml|json)$", "-", str(self.task).rpartition("/")[2]).rstrip("-")
        return self.out or Path("runs", f"{name}-sweep")


def varied_option(text: str) -> tuple[str, list[Any]]:
    """Return the option and the values of `--grid`, each value as `neuralstack train` takes it.

    Raises:
        ValueError: If there is no such option, or a value does not suit it.

    Examples:
        >>> varied_option("memory=stack,superposition(stacks=2, depth_read=3)")
        ('memory', ['stack', 'superposition(stacks=2, depth_read=3)'])
        >>> varied_option("warmup-lengths=4 8,8 16")
        ('warmup_lengths', [(4, 8), (8, 16)])
    """
    name, equals, rest = text.partition("=")
    option = name.strip().replace("-", "_")
    if not equals or not rest:
        raise ValueError(f"--grid needs an option and its values, as in 'learning_rate=1e-3,3e-3', got {text!r}.")
    values = [value.strip() for value in re.split(r",(?![^(]*\))", rest)]
    if option == "task":
        return option, values
    if option in SWITCHES or (option not in {field.name for field in fields(TrainOptions)}):
        raise ValueError(f"--grid varies an option of training that takes a value, got {name!r}: see train --help.")
    return {"data": "pairs"}.get(option, option), [value_of(option, value) for value in values]


def value_of(option: str, text: str) -> Any:
    """Return the value of an option of training from its text."""
    from neuralstack.cli import parse

    typed, parts = f"--{option.replace('_', '-')}", text.split()
    is_list = option in ("warmup_lengths",)
    given = parse(["train", "reversal", *([typed, *parts] if is_list else [f"{typed}={text}"])]).given()
    return next(iter(given.values()))


def report(result: "SweepResult", out: Path) -> int:
    """Print the outcomes of a sweep, and return the exit status: that of a failure if any failed."""
    from neuralstack.reporting import groups_table, sweep_summary, sweep_table

    if len(result.members) <= FEW:
        print_table(sweep_table(f"{out}: on the validation set", result))
    if len(result.groups) > 1:
        print_table(groups_table("Seeds that answer every sequence of the validation set", result))
    print(f"{sweep_summary(result)}; all of it: {out / 'summary.csv'}")
    return WRONG if any(member.outcome.status == "failed" for member in result.members) else 0
