"""`neuralstack reproduce`."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from neuralstack._lookup import lookup


@dataclass(frozen=True)
class Reproduce:
    """Regenerate a published table or figure beside the published numbers."""

    name: Positional[str]
    """The experiment; `neuralstack list` names them."""
    quick: bool = False
    """A few minutes instead of an hour: few seeds, and networks trained for few steps."""
    out: Path | None = None
    """Where to (unless said, runs/reproduce-NAME); what is there already is not trained again."""

    def __call__(self) -> int:
        """Run the experiment."""
        from neuralstack._runtime import compile_lightly
        from neuralstack.experiments import EXPERIMENTS

        if self.quick:
            compile_lightly()
        experiment = lookup("experiment", EXPERIMENTS, self.name)
        name = f"reproduce-{self.name}" + ("-quick" if self.quick else "")
        experiment(self.out or Path("runs", name), quick=self.quick)
        return 0
