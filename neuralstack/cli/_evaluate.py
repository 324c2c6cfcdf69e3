"""`neuralstack evaluate`."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tyro.conf import Positional

from neuralstack.cli._output import print_table
from neuralstack.cli._own_options import OwnOptions

if TYPE_CHECKING:
    from neuralstack.evaluation import Examples
    from neuralstack.tasks import AbstractTask, PairTask


@dataclass(frozen=True)
class Evaluate(OwnOptions):
    """Measure a trained machine on a fixed set of sequences, or on given ones."""

    run: Positional[Path]
    """The run's directory."""
    lengths: tuple[int, int] | None = None
    """Shortest and longest source of the fixed set (default: the task's test lengths; of pairs, the test split)."""
    count: int = 1000
    """Sequences in the fixed set."""
    data: Path | None = None
    """A file of sequences instead, one {"source": ..., "target": ...} a line: strings, lists of words or of numbers of
    symbols, from 0. The run's task is not needed then."""
    harden: bool = False
    """Round every action of the memory to 0 or 1, and keep the controller's state from drifting."""
    json: bool = False
    """Print one JSON object: coarse, fine, token, loss, by_length."""

    def __call__(self) -> int:
        """Evaluate, and print a table or JSON."""
        from neuralstack.discretization import harden
        from neuralstack.evaluation import evaluate, evaluate_language
        from neuralstack.reporting import language_table, report_table
        from neuralstack.tasks import Characters
        from neuralstack.training import Run, to_json_text

        if self.data is not None and self.lengths is not None:
            raise ValueError("give --data or --lengths, not both: a file has its own lengths.")
        run = Run.open(self.run)
        task = run.task(**self.own) if self.data is None else run.usable_task(**self.own)
        machine = run.load_model(memory=self.memory, controller=self.controller)
        if self.harden:
            machine = harden(machine, task)
        if isinstance(task, Characters) and self.data is None and self.lengths is None:
            report = evaluate_language(machine, task)
            table = language_table(str(self.run), report)
        else:
            data, title = self.examples(task)
            report = evaluate(machine, data)
            table = report_table(f"{self.run} on {title}", report)
        print(to_json_text(report._asdict())) if self.json else print_table(table)
        return 0

    def examples(self, task: "AbstractTask") -> tuple["Examples", str]:
        """Return the sequences to measure on, and what they are."""
        from neuralstack.evaluation import fixed_set, read_data
        from neuralstack.tasks import PairTask

        if self.data is not None:
            return read_data(task, self.data), str(self.data)
        lengths = self.lengths or task.test_lengths
        if isinstance(task, PairTask):
            return self.pairs(task, lengths)
        return fixed_set(task.to_test, lengths, self.count), f"lengths {lengths[0]}-{lengths[1]}"

    def pairs(self, task: "PairTask", lengths: tuple[int, int]) -> tuple["Examples", str]:
        """Return pairs of the test split, all or evenly spread ones, and what they are."""
        from neuralstack.evaluation import format_pairs

        rows = [row for row in task.pairs.rows_of("test") if lengths[0] <= len(row[0]) <= lengths[1]]
        if not rows or self.count < 1:
            raise ValueError(
                f"the data has no pair of lengths {lengths[0]}-{lengths[1]} for tests, or none is asked for: give "
                "other --lengths, or a --count of at least 1."
            )
        rows = rows[:: -(-len(rows) // self.count)]
        title = f"{len(rows)} pairs of the split {rows[0][2]}, lengths {lengths[0]}-{lengths[1]}"
        return format_pairs(task, [(list(source), list(target)) for source, target, _ in rows]), title
