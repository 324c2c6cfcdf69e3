"""`neuralstack benchmark`."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuralstack._heartbeat import say
from neuralstack._lookup import is_reference, resolve
from neuralstack.cli._kinds import Amount, Count, Name, Names, OwnModel, Suite, Whole
from neuralstack.cli._output import terminal_width
from neuralstack.cli._status import WRONG
from neuralstack.training import status_of_interrupt

if TYPE_CHECKING:
    from neuralstack.experiments import BenchmarkRow


@dataclass(frozen=True)
class Benchmark:
    """Train and measure a model of your own on the tasks of a published benchmark."""

    model: OwnModel
    """A function or class in your own file or package, which is executed. Called with (vocab_size, key), it returns a
    JAX module from the tokens of one sequence to logits, which is trained; or a function or a PyTorch module from a
    batch of tokens to logits, which is measured as it is."""
    suite: Suite = "chomsky"
    """The benchmark."""
    tasks: Names = None
    """Tasks of the suite (default: all)."""
    max_steps: Count = 10_000
    """Maximum number of batches to train on; training stops earlier after 4 perfect evaluations in a row."""
    batch_size: Count = 50
    """Number of sequences in a batch of training."""
    learning_rate: Amount = 3e-3
    """Step size of Adam."""
    seeds: Count = 1
    """Number of models to train for each task."""
    first_seed: Count = 0
    """The first seed."""
    count: Whole = None
    """Number of test sequences of each task, for a quick look (default: 1000; chomsky: 10 of every length)."""
    name: Name = None
    """Name of the model in the output (default: that of its class)."""
    json: bool = False
    """Print one JSON object a line, for each model as soon as it is measured: task, model, seed, score, whole, ..."""

    def __call__(self) -> int:
        """Train, measure, and print tables or JSON."""
        from neuralstack.experiments import benchmark
        from neuralstack.training import clipped_adam

        if not is_reference(self.model):
            raise ValueError(f"a model of your own is written FILE.py:NAME or package.module:NAME, got {self.model!r}.")
        if not 0 < self.learning_rate < math.inf:
            raise ValueError(f"--learning-rate must be a number, above 0, got {self.learning_rate}.")
        build, rows = resolve("model", {}, self.model, callable), []
        try:
            benchmark(
                build,
                self.suite,
                tasks=self.tasks,
                max_steps=self.max_steps,
                batch_size=self.batch_size,
                optimizer=clipped_adam(self.learning_rate),
                seeds=self.seeds,
                first_seed=self.first_seed,
                count=self.count,
                name=self.name,
                progress=lambda row: self.report(row, rows),
            )
        except KeyboardInterrupt:
            self.print_tables(rows)
            say(f"neuralstack: interrupted; models measured before: {len(rows)}")
            return status_of_interrupt()
        self.print_tables(rows)
        return WRONG if any(row.failure for row in rows) else 0

    def report(self, row: "BenchmarkRow", rows: "list[BenchmarkRow]") -> None:
        """Keep the row of a model, and print it as JSON if that was chosen."""
        rows.append(row)
        if self.json:
            print(row.to_json(), flush=True)

    def print_tables(self, rows: "list[BenchmarkRow]") -> None:
        """Print the tables of the rows so far, unless JSON was chosen."""
        from neuralstack.experiments import BenchmarkResult

        if rows and not self.json:
            print(BenchmarkResult(tuple(rows)).text(terminal_width()), end="\n\n")
