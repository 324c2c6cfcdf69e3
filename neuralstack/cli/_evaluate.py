"""`neuralstack evaluate`."""

import json
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from neuralstack.cli._output import print_table
from neuralstack.cli._own_options import OwnOptions


@dataclass(frozen=True)
class Evaluate(OwnOptions):
    """Measure a trained machine on a fixed set of sequences, or on given ones."""

    run: Positional[Path]
    """The run's directory."""
    lengths: tuple[int, int] | None = None
    """Shortest and longest source of the fixed set (default: the task's test lengths)."""
    count: int = 1000
    """Sequences in the fixed set."""
    data: Path | None = None
    """A file of sequences instead, one {"source": [...], "target": [...]} a line: numbers of symbols, from 0."""
    harden: bool = False
    """Round every action of the memory to 0 or 1, and keep the controller's state from drifting."""
    json: bool = False
    """Print one JSON object: coarse, fine, token, loss, by_length."""

    def __call__(self) -> int:
        """Evaluate, and print a table or JSON."""
        from neuralstack.discretization import harden
        from neuralstack.evaluation import evaluate, evaluate_language, fixed_set, read_data
        from neuralstack.reporting import language_table, report_table
        from neuralstack.tasks import Characters
        from neuralstack.training import Run, build_task

        run = Run.open(self.run)
        task, machine = build_task(run.config(task=self.task)), run.load_model()
        if self.harden:
            machine = harden(machine, task)
        if isinstance(task, Characters) and self.data is None and self.lengths is None:
            read = evaluate_language(machine, task)
            print(json.dumps(read._asdict())) if self.json else print_table(language_table(str(self.run), read))
            return 0
        if self.data is not None and self.lengths is not None:
            raise ValueError("give --data or --lengths, not both: a file has its own lengths.")
        if self.data is not None:
            data, title = read_data(task, self.data), f"{self.run} on {self.data}"
        else:
            lengths = self.lengths or task.test_lengths
            data, title = fixed_set(task, lengths, self.count), f"{self.run} on lengths {lengths[0]}-{lengths[1]}"
        report = evaluate(machine, data)
        if self.json:
            print(json.dumps(report._asdict()))
        else:
            print_table(report_table(title, report))
        return 0
