"""`neuralstack evaluate`."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from neuralstack.cli._kinds import Count, Lengths, Name, OptionalPath, RunPath
from neuralstack.cli._moved_text import require_text
from neuralstack.cli._output import print_table
from neuralstack.cli._own_options import OwnOptions
from neuralstack.cli._progress import show_progress

if TYPE_CHECKING:
    from neuralstack.evaluation import Examples
    from neuralstack.tasks import AbstractTask, Characters, PairTask


@dataclass(frozen=True)
class Evaluate(OwnOptions):
    """Measure a trained machine on a fixed set of sequences, or on given ones."""

    run: RunPath
    """The run's directory."""
    lengths: Lengths = None
    """Shortest and longest source of the fixed set (default: the task's test lengths; for pairs, those of the test
    split)."""
    count: Count = 1000
    """Number of sequences in the fixed set."""
    data: OptionalPath = None
    """A file of sequences instead, with one {"source": ..., "target": ...} per line: strings, lists of words, or lists
    of symbol numbers from 0. The run's task is then not needed."""
    text: OptionalPath = None
    """For a run of the task characters: another text to predict as a whole; or the new path of the run's text if it has
    moved, of which the held-out part is predicted (default: the held-out part of the run's text)."""
    text_encoding: Name = None
    """The encoding of that file, by its name in Python (default: that of the run's text)."""
    harden: bool = False
    """Round every action of the memory to 0 or 1, and keep the controller's state from drifting."""
    json: bool = False
    """Print one JSON object: coarse, fine, token, loss, by_length; for a text: loss, bits, characters, perplexity."""

    def __call__(self) -> int:
        """Evaluate, and print a table or JSON."""
        from neuralstack._json import to_json_text
        from neuralstack.discretization import harden
        from neuralstack.evaluation import evaluate
        from neuralstack.reporting import report_table
        from neuralstack.tasks import Characters
        from neuralstack.training import Run, require_machine

        if sum(given is not None for given in (self.data, self.lengths, self.text)) > 1:
            raise ValueError("give only one of --data, --lengths and --text: a file has its own lengths.")
        if self.text_encoding is not None and self.text is None:
            raise ValueError("--text-encoding is the encoding of the file --text: give both.")
        run, other = Run.open(self.run), None
        task = run.task(**self.own) if self.data is None else run.usable_task(**self.own)
        if self.text is not None:
            task, other = self.choose_text(task)
        if isinstance(task, Characters) and self.text is None and self.data is None:
            require_text(self.run, task.text)
        machine = run.load_model(memory=self.memory, controller=self.controller)
        if self.harden:
            machine = harden(require_machine(machine, self.run), task)
        if isinstance(task, Characters) and self.data is None and self.lengths is None:
            return self.predict_text(machine, task, other)
        data, title = self.examples(task)
        with show_progress(f"evaluating {str(self.run)!r}") as show:
            report = evaluate(machine, data, progress=show)
        table = report_table(f"{self.run} on {title}", report)
        print(to_json_text(report._asdict())) if self.json else print_table(table)
        return 0

    def choose_text(self, task: "AbstractTask") -> tuple["Characters", str | None]:
        """Return the run's task, with the file as its text if that has moved there; otherwise, also the content."""
        from neuralstack.tasks import Characters, read_text

        if not isinstance(task, Characters):
            raise ValueError(f"--text needs a run of the task characters, but {str(self.run)!r} is of another.")
        path, encoding = str(self.text), self.text_encoding or task.encoding
        text = read_text(path, encoding)
        if task.version is not None and text.version.sha256 == task.version.sha256:
            return replace(task, text=path, encoding=encoding), None
        return task, text.content

    def predict_text(self, model: Any, task: "Characters", other: str | None) -> int:
        """Predict another text, or the held-out part of the run's, and print a table or JSON."""
        from neuralstack._json import to_json_text
        from neuralstack.corpora import evaluate_language
        from neuralstack.reporting import language_table

        with show_progress("predicting the text"):
            report = evaluate_language(model, task, text=other)
        table = language_table(str(self.run), report, "the held-out text" if other is None else str(self.text))
        values = {**report._asdict(), "perplexity": report.perplexity}
        print(to_json_text(values)) if self.json else print_table(table)
        return 0

    def examples(self, task: "AbstractTask") -> tuple["Examples", str]:
        """Return the sequences to measure on, and a title for them."""
        from neuralstack.evaluation import fixed_set, read_data
        from neuralstack.tasks import PairTask

        if self.data is not None:
            return read_data(task, self.data), str(self.data)
        lengths = self.lengths or task.test_lengths
        if isinstance(task, PairTask):
            return self.pairs(task, lengths)
        return fixed_set(task.to_test, lengths, self.count), f"lengths {lengths[0]}-{lengths[1]}"

    def pairs(self, task: "PairTask", lengths: tuple[int, int]) -> tuple["Examples", str]:
        """Return pairs of the test split, all or evenly spaced ones, and a title for them."""
        from neuralstack.evaluation import format_pairs

        rows = [row for row in task.pairs.rows_of("test") if lengths[0] <= len(row[0]) <= lengths[1]]
        if not rows or self.count < 1:
            raise ValueError(
                f"the data has no pair of lengths {lengths[0]}-{lengths[1]} for tests, or none is requested: give "
                "other --lengths, or a --count of at least 1."
            )
        rows = rows[:: -(-len(rows) // self.count)]
        title = f"{len(rows)} pairs of the split {rows[0][2]}, lengths {lengths[0]}-{lengths[1]}"
        return format_pairs(task, [(list(source), list(target)) for source, target, _ in rows]), title
