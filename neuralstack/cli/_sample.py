"""`neuralstack sample`."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from neuralstack.cli._own_options import OwnOptions


@dataclass(frozen=True)
class Sample(OwnOptions):
    """Let a machine that learned the characters of a text go on with a text of yours."""

    run: Positional[Path]
    """The run's directory."""
    prompt: str
    """The text's beginning."""
    length: int = 300
    """Number of characters to write."""
    temperature: float = 0.7
    """Divisor of the logits: the higher, the bolder; 0 takes the likeliest character each time."""
    seed: int = 0
    """Source of what is drawn."""

    def __call__(self) -> int:
        """Write the prompt and what follows it."""
        from neuralstack.evaluation import sample_text
        from neuralstack.tasks import Characters
        from neuralstack.training import Run

        run = Run.open(self.run)
        task = run.task(**self.own)
        if not isinstance(task, Characters):
            raise ValueError(
                f"sample needs a run of the task characters, but {str(self.run)!r} is one of another: use predict."
            )
        machine = run.load_model(memory=self.memory, controller=self.controller)
        print(self.prompt + sample_text(machine, task, self.prompt, self.length, self.temperature, self.seed))
        return 0
