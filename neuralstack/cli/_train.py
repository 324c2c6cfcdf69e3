"""`neuralstack train`."""

import sys
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import OmitArgPrefixes

from neuralstack.cli._output import print_table
from neuralstack.cli._status import INTERRUPTED, WRONG
from neuralstack.training._config import Config


@dataclass(frozen=True)
class Train:
    """Train a machine on a task and keep it in a run's directory."""

    config: OmitArgPrefixes[Config]
    out: Path | None = None
    """The run's directory (unless said, runs/TASK-MEMORY-CONTROLLER-SEED)."""
    resume: bool = False
    """Continue the run in the directory, as if it had never stopped."""
    seeds: int = 1
    """Train from so many seeds at once, beginning with --seed, each in a directory of its own."""
    learning_rates: tuple[float, ...] = ()
    """Train each seed with each of these learning rates."""

    def __call__(self) -> int:
        """Train, and say how it ended."""
        if self.seeds != 1 or self.learning_rates:
            return self.sweep()
        from neuralstack.training import train

        config, out = self.config, self.directory()
        outcome = train(config, out, resume=self.resume)
        restarts = f", {outcome.restarts} restarts" if outcome.restarts else ""
        report = f"{outcome.message} ({outcome.steps} steps, {outcome.seconds:.1f} s of training{restarts}): {out}"
        if outcome.status in ("failed", "interrupted"):
            print(f"neuralstack: {report}", file=sys.stderr)
            return WRONG if outcome.status == "failed" else INTERRUPTED
        print(report)
        return 0

    def directory(self) -> Path:
        """Return where to."""
        config = self.config
        name = f"{config.task}-{config.memory}-{config.controller}-{config.seed}"
        return self.out or Path("runs", name if self.seeds == 1 else f"{name}-{self.seeds}-seeds")

    def sweep(self) -> int:
        """Train several runs, and say how each ended."""
        from neuralstack._runtime import use_cores

        use_cores(self.seeds * max(1, len(self.learning_rates)))
        from neuralstack.reporting import sweep_summary, sweep_table
        from neuralstack.training import sweep

        if self.learning_rates and self.config.learning_rate is not None:
            raise ValueError("give --learning-rate or --learning-rates, not both.")
        out = self.directory()
        population = sweep(self.config, out, seeds=self.seeds, learning_rates=self.learning_rates, resume=self.resume)
        print_table(sweep_table(f"{out}: on the validation set", population))
        print(sweep_summary(population))
        return 0
