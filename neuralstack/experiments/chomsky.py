"""The Chomsky-hierarchy benchmark: fifteen tasks by networks with and without a memory.

Machines are trained on lengths 1 to 40; the score is the token accuracy averaged over lengths 41 to 500. There are 10
sequences of every length, 4600 in all; in the public code, there are 512 of every length. The published scores are the
best of 10 seeds and 3 learning rates after a million steps; ours take far fewer.
"""

from functools import partial
from typing import Any

import numpy as np

from neuralstack.evaluation import Report, evaluate
from neuralstack.experiments._experiment import Experiment, Measured, Quick, Result, Variant
from neuralstack.experiments._figures import by_group, draw_lengths
from neuralstack.reporting import Table
from neuralstack.tasks import FAMILIES
from neuralstack.training import Config, Run, build_task, with_options

BASE = with_options(
    Config("parity"), hidden_dim=64, memory_dim=16, batch_size=64, max_steps=10_000, curriculum="uniform",
    evaluate_every=500, learning_rate=3e-3,
    restart_after=0,
)  # fmt: skip
MACHINES = {
    "RNN": with_options(BASE, memory="none", controller="elman"),
    "Stack-RNN": with_options(BASE, memory="superposition", controller="elman", connection="feedback"),
    "Tape-RNN": with_options(BASE, memory="tape", controller="elman", connection="feedback"),
    "LSTM": with_options(BASE, memory="none", controller="lstm"),
}
PUBLISHED_MACHINES = (*MACHINES, "Transformer")
PUBLISHED = {
    "even-pairs": (100.0, 100.0, 100.0, 100.0, 96.4),
    "modular-arithmetic": (100.0, 100.0, 100.0, 100.0, 24.2),
    "parity": (100.0, 100.0, 100.0, 100.0, 52.0),
    "cycle-navigation": (100.0, 100.0, 100.0, 100.0, 61.9),
    "stack-manipulation": (56.0, 100.0, 100.0, 59.1, 57.5),
    "reverse-string": (62.0, 100.0, 100.0, 60.9, 62.3),
    "modular-arithmetic-brackets": (41.3, 96.1, 95.4, 59.2, 32.5),
    "solve-equation": (51.0, 56.2, 64.4, 67.8, 25.7),
    "duplicate-string": (50.3, 52.8, 100.0, 57.6, 52.8),
    "missing-duplicate": (52.3, 55.2, 100.0, 54.3, 56.4),
    "odds-first": (51.0, 51.9, 100.0, 55.6, 52.8),
    "binary-addition": (50.3, 52.7, 100.0, 55.5, 54.3),
    "binary-multiplication": (50.0, 52.7, 58.5, 53.1, 52.2),
    "compute-sqrt": (54.3, 56.5, 57.8, 57.5, 52.4),
    "bucket-sort": (27.9, 78.1, 70.7, 99.3, 91.9),
}
"""Published scores of each machine in the order of `PUBLISHED_MACHINES`, by task."""
RECALLED = {
    "modular-arithmetic-brackets", "solve-equation", "missing-duplicate", "binary-addition", "binary-multiplication",
    "compute-sqrt", "bucket-sort",
}  # fmt: skip
"""Tasks whose published scores are quoted from memory, and were not checked against the paper again."""
PER_LENGTH = 10  # sequences of each of the 460 test lengths
VARIANTS = {
    (task, label): Variant(f"{task}/{label.lower()}", label, with_options(config, task=task), group=task)
    for task in PUBLISHED
    for label, config in MACHINES.items()
}


def measure(run: Run, config: Config, count: int | None = None, count_per_length: int | None = None) -> dict[str, Any]:
    """Return the token accuracy at each of the longer test lengths, and the score: the mean over these lengths.

    Args:
        run: A trained run.
        config: Its complete configuration.
        count: Number of sequences, of uniform lengths.
        count_per_length: Number of sequences of every length, in place of `count`.
    """
    task = build_task(config)
    report = evaluate(run.load_model(), task, task.test_lengths, count, count_per_length=count_per_length)
    accuracies = {length: row["token"] for length, row in report.by_length.items()}
    return {"coarse": report.coarse, "score": score_of(report), "by_length": accuracies}


def score_of(report: Report) -> float:
    """Return the score of the benchmark: the token accuracy in percent, averaged over the lengths."""
    return 100 * float(np.mean([row["token"] for row in report.by_length.values()]))


def headline(run: Measured) -> str:
    """Return the score of a seed."""
    return f"score {run['score']:.1f}"


def published(task: str, label: str) -> str:
    """Return the published score of a machine, marked if it is quoted from memory."""
    is_recalled = task in RECALLED or (task, label) == ("even-pairs", "Transformer")
    return ("~" if is_recalled else "") + f"{PUBLISHED[task][PUBLISHED_MACHINES.index(label)]:.1f}"


def tables(result: Result) -> list[Table]:
    """Return the scores of the best seeds, and the published ones, with a row for each task."""
    groups = by_group(result)
    labels = [label for label in MACHINES if any(label in machines for machines in groups.values())]

    def ours(task: str, label: str) -> str:
        scores = [run["score"] for run in groups[task][label]["runs"]] if label in groups[task] else []
        return f"{max(scores):.1f}" if scores else ""

    rows = [
        (task, *(cell for label in labels for cell in (ours(task, label), published(task, label)))) for task in groups
    ]
    headings = "task", *(heading for label in labels for heading in (f"{label}\nours", "\npubl."))
    title = "Mean token accuracy (%) at lengths 41-500, best seed; ~: quoted from memory"
    return [Table(title, headings, rows)]


EXPERIMENT = Experiment(
    "chomsky",
    "Fifteen tasks of the Chomsky hierarchy, with and without a memory",
    "Delétang et al., 2023, Table 2",
    variants=tuple(VARIANTS.values()),
    quick=Quick(
        tuple(
            VARIANTS[task, label].shortened(max_steps=24, evaluate_every=24, batch_size=16)
            for task in PUBLISHED
            for label in ("Stack-RNN", "Tape-RNN")
            if task in {*FAMILIES["regular"], *FAMILIES["context-free"]}
        ),
        partial(measure, count=16),
        parallel=True,
        unoptimized=True,
    ),
    measure=partial(measure, count_per_length=PER_LENGTH),
    headline=headline,
    tables=tables,
    figures=(draw_lengths,),
)
