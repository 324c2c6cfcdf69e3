"""`neuralstack reproduce`."""

import shlex
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuralstack._heartbeat import say
from neuralstack._lookup import lookup
from neuralstack.cli._kinds import Address, Experiment, Names, OptionalPath, Whole
from neuralstack.cli._workers import workers_of
from neuralstack.training import status_of_interrupt, stop_within_seconds

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from neuralstack import experiments

CHOICES = ("tasks", "machines", "seeds", "first_seed", "max_steps")


@dataclass(frozen=True)
class Reproduce:
    """Regenerate a published table or figure beside the published numbers."""

    name: Experiment
    """The experiment, one of those in `neuralstack list`."""
    quick: bool = False
    """A few minutes instead of hours: few seeds, and machines trained for few steps."""
    out: OptionalPath = None
    """Directory of the runs; runs that it already holds are not trained again. Defaults to runs/reproduce-NAME."""
    tasks: Names = None
    """Tasks to train on (chomsky and zoo only; default: all)."""
    machines: Names = None
    """Machines to train: ours, stack, universal, rnn, superposition, tape, lstm (chomsky only; default: all)."""
    seeds: Whole = None
    """Number of seeds of each machine (chomsky and zoo only; default: 5 in the zoo; of chomsky, 10 of ours, stack and
    universal, 3 of the others)."""
    first_seed: Whole = None
    """The first seed (chomsky and zoo only; default: 0)."""
    max_steps: Whole = None
    """Maximum number of batches to train on (chomsky only; default: those of each machine)."""
    workers: Whole = None
    """Train in so many processes on this computer (default: in this one)."""
    dask: Address = None
    """Train on the Dask cluster whose scheduler has this address."""
    json: bool = False
    """Print one JSON object a line, for each trained machine as soon as it is measured (chomsky only)."""

    def __call__(self) -> int:
        """Run the experiment."""
        from neuralstack._runtime import compile_lightly
        from neuralstack.experiments import reproduce

        experiment = self.experiment()
        if self.quick:
            compile_lightly()
        path = self.out or Path("runs", f"reproduce-{self.name}" + ("-quick" if self.quick else ""))
        interrupted = f"neuralstack: interrupted; what was trained is kept: {self.again(experiment)} continues"
        try:
            with stop_within_seconds(interrupted), self.executor() as executor:
                reproduce(
                    experiment,
                    path,
                    quick=self.quick,
                    executor=executor,
                    report=say if self.json else print,
                    on_seed=lambda run: self.print_row(experiment.row(run)),
                )
        except KeyboardInterrupt:
            print(interrupted, file=sys.stderr)
            return status_of_interrupt()
        return 0

    def executor(self) -> "AbstractContextManager[Executor | None]":
        """Return the workers that were chosen, or nothing."""
        is_here = self.workers is None and self.dask is None
        return nullcontext() if is_here else workers_of(self.workers, self.dask)

    def experiment(self) -> "experiments.Experiment":
        """Return the experiment, with what was chosen of it.

        Raises:
            ValueError: If it is unknown, or offers no such choice.
        """
        from neuralstack.experiments import EXPERIMENTS

        experiment = lookup("experiment", EXPERIMENTS, self.name)
        given = {name: getattr(self, name) for name in CHOICES if getattr(self, name) is not None}
        for option in (*given, *(["json"] if self.json else [])):
            if option not in experiment.choices:
                owners = ", ".join(name for name, one in EXPERIMENTS.items() if option in one.choices)
                raise ValueError(f"{option} belongs to the experiment {owners}, got the experiment {self.name}.")
        return experiment if experiment.choose is None else experiment.choose(**given)

    def again(self, experiment: "experiments.Experiment") -> str:
        """Return the command that continues the experiment."""
        out = f" --out {shlex.quote(str(self.out))}" if self.out else ""
        workers = f" --workers {self.workers}" if self.workers else f" --dask {self.dask}" if self.dask else ""
        return experiment.command(quick=self.quick) + out + workers + (" --json" if self.json else "")

    def print_row(self, row: dict[str, Any]) -> None:
        """Print the outcome of a seed as JSON, if that was chosen."""
        from neuralstack._json import to_json_text

        if self.json:
            print(to_json_text(row), flush=True)
