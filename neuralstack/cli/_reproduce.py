"""`neuralstack reproduce`."""

import sys
from dataclasses import dataclass
from pathlib import Path

from neuralstack._lookup import lookup
from neuralstack.cli._kinds import Experiment, OptionalPath
from neuralstack.training import status_of_interrupt


@dataclass(frozen=True)
class Reproduce:
    """Regenerate a published table or figure beside the published numbers."""

    name: Experiment
    """The experiment, one of those in `neuralstack list`."""
    quick: bool = False
    """A few minutes instead of hours: few seeds, and machines trained for few steps."""
    out: OptionalPath = None
    """Directory of the runs; runs that it already holds are not trained again. Defaults to runs/reproduce-NAME."""

    def __call__(self) -> int:
        """Run the experiment."""
        from neuralstack._runtime import compile_lightly
        from neuralstack.experiments import EXPERIMENTS, reproduce

        experiment = lookup("experiment", EXPERIMENTS, self.name)
        if self.quick:
            compile_lightly()
        path = self.out or Path("runs", f"reproduce-{self.name}" + ("-quick" if self.quick else ""))
        try:
            reproduce(experiment, path, quick=self.quick)
        except KeyboardInterrupt:
            options = (" --quick" if self.quick else "") + (f" --out {self.out}" if self.out else "")
            again = f"neuralstack reproduce {self.name}{options}"
            print(f"neuralstack: interrupted; what was trained is kept: {again} continues", file=sys.stderr)
            return status_of_interrupt()
        return 0
