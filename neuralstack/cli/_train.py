"""`neuralstack train`."""

import re
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuralstack._lookup import UnnamedPartError
from neuralstack.cli._distributed import DistributedOptions
from neuralstack.cli._kinds import Count, Numbers, OptionalDirectory, OptionalPath, OptionalRun, Project, Source
from neuralstack.cli._moved_text import require_text
from neuralstack.cli._output import print_table
from neuralstack.cli._status import WRONG
from neuralstack.cli._train_options import TrainOptions

if TYPE_CHECKING:
    from neuralstack.training import Callback, Config, DeviceGroup, Outcome, OwnParts, SweepResult

OTHER_NAMES = {"lengths of a warm-up": "--warmup-lengths", "pairs": "--data"}  # the library's names for options
OPTIONS_TO_TRY = {
    "recipe": "without --memory, --controller, --connection and --readout",
    "memory": "--memory stack",
    "connection": "--connection feedback",
    "restart_after": "--restart-after 0",
    "seed": "--seed, or several with --seeds",
}
RESUMABLE = frozenset({"max_steps", "stop_after_perfect", "extra_steps", "text"})


@dataclass(frozen=True)
class Train(DistributedOptions, TrainOptions):
    """Train a machine on a task and save it in a run's directory."""

    out: OptionalPath = None
    """The run's directory (default: runs/TASK-MEMORY-CONTROLLER-SEED)."""
    resume: OptionalRun = None
    """Continue the run, or the sweep, in this directory, as if it had never stopped."""
    warm_start: Source = None
    """Start from the weights and options of the run in this directory; options given here override them."""
    seeds: Count = 1
    """Train with this many seeds at once, starting from --seed, each in its own directory."""
    learning_rates: Numbers = ()
    """Train each seed with each of these learning rates."""
    tensorboard: OptionalDirectory = None
    """Also write the curves to this directory, for TensorBoard; with --resume, add to those that are there."""
    wandb: Project = None
    """Also send the configuration and the curves to this project in Weights & Biases."""

    def __call__(self) -> int:
        """Train, and print the outcome."""
        self._use_cores()
        try:
            with self.devices() as devices:
                return self._start(devices) if self.resume is None else self._resume(self.resume, devices)
        except UnnamedPartError as error:
            if error.part != "task":
                raise
            shown = f"neuralstack train {shlex.quote(error.located)}"
            raise ValueError(f"{error.fact}: begin with {shown} to allow its code to be executed.") from error

    def _use_cores(self) -> None:
        """Let each core train runs of its own, if there are several."""
        from neuralstack._runtime import use_cores
        from neuralstack.training import SWEEP_FILE

        if self.resume is not None and (self.resume / SWEEP_FILE).exists():
            use_cores()
        elif self.resume is None and (self.seeds != 1 or self.learning_rates):
            use_cores(self.seeds * max(1, len(self.learning_rates)))

    def _start(self, devices: "DeviceGroup | None") -> int:
        """Train as the options say."""
        config = self.config()
        if self.seeds != 1 or self.learning_rates:
            return self._sweep(config, devices)
        from neuralstack.training import train

        out = self._directory(config)
        common = {"callbacks": self._callbacks(out), "devices": devices}
        return report(train(config, out, warm_start=self.warm_start, **common), out, devices)

    def config(self) -> "Config":
        """Return the configuration that the options define."""
        from neuralstack.training import Run, allowed_config, configure, with_options

        if self.warm_start is not None:
            base = Run.open(self.warm_start).located()
            task = {} if self.task is None else {"task": self.task}
            return allowed_config(with_options(base, **task, **self.given()), self.warm_start, self.own)
        if self.task is None:
            raise ValueError("train needs a task, or --resume RUN: see neuralstack list and neuralstack train --help.")
        if self.task == "pairs" and not self.data:
            raise ValueError(
                'train pairs needs --data FILE, with one {"source": ..., "target": ...} per line: give that file.'
            )
        return configure(self.task, **self.given())

    @property
    def own(self) -> "OwnParts":
        """The names of the parts that were given."""
        return {"task": self.task, "memory": self.memory, "controller": self.controller}

    def _resume(self, path: Path, devices: "DeviceGroup | None") -> int:
        """Continue the run or the sweep in a directory."""
        given: dict[str, Any] = {name: value for name, value in self.given().items() if name not in self.own} | {
            name: value for name, value in {"out": self.out, "from": self.warm_start}.items() if value is not None
        }
        if refused := sorted(given.keys() - RESUMABLE):
            raise ValueError(
                f"--resume takes the options of the run in {str(path)!r}; "
                f"{', '.join('--' + name.replace('_', '-') for name in refused)} cannot be changed: leave out all but "
                "--max-steps, --stop-after-perfect, --extra-steps and the --text that has moved, or start another run "
                "with --from."
            )
        from neuralstack.training import SWEEP_FILE, Run, resume, resume_sweep

        if (path / SWEEP_FILE).exists():
            if self.learning_rates:
                raise ValueError("--resume takes the learning rates of the sweep: leave out --learning-rates.")
            seeds = self.seeds if self.seeds != 1 else None
            common = {"callbacks": self._callbacks(path), "devices": devices}
            return report_sweep(lambda: resume_sweep(path, seeds=seeds, own=self.own, **common, **given), path, devices)
        if self.seeds != 1 or self.learning_rates:
            raise ValueError(f"{str(path)!r} is one run, not a sweep: leave out --seeds and --learning-rates.")
        if self.text is None:
            require_text(path, Run.open(path).located().data.text)
        common = {"callbacks": self._callbacks(path), "devices": devices}
        return report(resume(path, **common, **self.own, **given), path, devices)

    def _directory(self, config: "Config") -> Path:
        """Return the directory of the run or the sweep."""
        parts = config.task, config.machine.memory, config.machine.controller, str(config.seed)
        name = "-".join(re.sub(r"(\.py)?:", "-", name_part.rpartition("/")[2]) for name_part in parts)
        return self.out or Path("runs", name if self.seeds == 1 else f"{name}-{self.seeds}-seeds")

    def _sweep(self, config: "Config", devices: "DeviceGroup | None") -> int:
        """Train several runs, and print the outcome of each."""
        from neuralstack.training import Run, seeds_and_rates, sweep

        if self.warm_start is not None:
            raise ValueError("--from starts one run: leave out --seeds and --learning-rates.")
        if self.learning_rates and self.learning_rate is not None:
            raise ValueError("give --learning-rate or --learning-rates, not both.")
        cells, out = seeds_and_rates(config, self.seeds, self.learning_rates), self._directory(config)
        if devices is None or devices.leads:
            Run.require_empty(out)
        common = {"callbacks": self._callbacks(out), "devices": devices}
        return report_sweep(lambda: sweep(cells, out, **common), out, devices)

    def _callbacks(self, out: Path) -> "list[Callback]":
        """Return what follows the training of the run or the sweep in a directory."""
        from neuralstack.training import TensorBoard, WeightsAndBiases

        callbacks: list[Callback] = []
        if self.tensorboard is not None:
            callbacks.append(TensorBoard(self.tensorboard, append=self.resume is not None))
        if self.wandb is not None:
            callbacks.append(WeightsAndBiases(self.wandb, name=str(out)))
        return callbacks


def report(outcome: "Outcome", out: Path, devices: "DeviceGroup | None") -> int:
    """Print the outcome of training, if this process is the one that reports it, and return the exit status."""
    from neuralstack.training import status_of_interrupt

    interrupted, failed = outcome.status == "interrupted", outcome.status == "failed"
    status = status_of_interrupt() if interrupted else WRONG if failed else 0
    if devices is not None and not devices.leads:
        return status
    restarts = f", {outcome.restarts} restarts" if outcome.restarts else ""
    line = f"{outcome.message} ({outcome.steps} steps, {outcome.seconds:.1f} s of training{restarts}): {out}"
    if interrupted:
        again = "" if devices is None else " --distributed"
        line += f"; continue with neuralstack train --resume {out}{again}"
    if interrupted or failed:
        print(f"neuralstack: {line}", file=sys.stderr)
        return status
    print(line)
    if outcome.advice is not None:
        print(outcome.advice.text(OPTIONS_TO_TRY | {"max_steps": f"--resume {out} --max-steps {2 * outcome.steps}"}))
    return status


def report_sweep(train: "Callable[[], SweepResult]", out: Path, devices: "DeviceGroup | None") -> int:
    """Train the runs of a sweep, print their outcomes if this process is to, and return the exit status.

    The status is that of a failure if all failed.
    """
    from neuralstack.reporting import sweep_summary, sweep_table
    from neuralstack.training import status_of_interrupt

    again = "" if devices is None else " --distributed"
    try:
        result = train()
    except KeyboardInterrupt:
        if devices is None or devices.leads:
            print(f"neuralstack: interrupted; continue with neuralstack train --resume {out}{again}", file=sys.stderr)
        return status_of_interrupt()
    status = WRONG if all(member.outcome.status == "failed" for member in result.members) else 0
    if devices is not None and not devices.leads:
        return status
    print_table(sweep_table(f"{out}: on the validation set", result))
    print(sweep_summary(result))
    advice = result.best.outcome.advice
    if advice is not None:
        print(
            advice.text(OPTIONS_TO_TRY | {"max_steps": f"--resume {out} --max-steps {2 * result.best.outcome.steps}"})
        )
    return status
