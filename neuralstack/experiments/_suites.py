"""Suites of the benchmark: the tasks of an experiment, how a model is scored on them, and the published scores."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from neuralstack._json import parse_json
from neuralstack.evaluation import Examples, Report, fixed_set
from neuralstack.experiments import chomsky, counting, transductions
from neuralstack.experiments._experiment import Measured
from neuralstack.tasks import TASKS

RESULTS = Path(__file__).parents[2] / "docs" / "results"
"""The committed results, in a checkout."""


def percent_of_answers(report: Report) -> float:
    """Return the fraction of the sequences whose whole answer is correct, in percent."""
    return 100 * report.coarse


def set_of_uniform_lengths(task: str, count: int | None) -> Examples:
    """Return the fixed test set of a task: `count` sequences, or 1000."""
    built = TASKS[task]()
    return fixed_set(built.to_test, built.test_lengths, **({} if count is None else {"count": count}))


@dataclass(frozen=True)
class Suite:
    """A set of tasks on which any model can be measured."""

    title: str
    """The meaning of the score."""
    tasks: tuple[str, ...]
    """The names of its tasks."""
    score: Callable[[Report], float] = percent_of_answers
    """The score in percent, from the report on the test set."""
    test: Callable[[str, int | None], Examples] = set_of_uniform_lengths
    """The test set of a task, with a number of sequences if one is chosen."""
    published: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The published scores of each machine, in the order of `tasks`."""
    has_every_string: bool = False
    """Whether its test sets have every string, so that no number of sequences can be chosen."""
    shows_answers: bool = True
    """Whether later inputs hold the answer to earlier ones, so that a model must not look ahead."""
    result: str = ""
    """The experiment whose committed result holds our scores. Defaults to none."""
    score_of_seed: Callable[[Measured], float] = lambda run: run["score"]
    """The score of one seed in that result."""

    def ours(self) -> dict[str, float]:
        """Return our best machine's score on each task, as a mean over its seeds; empty outside a checkout."""
        file = RESULTS / f"{self.result}.json"
        if not self.result or not file.is_file():
            return {}
        best: dict[str, float] = {}
        for variant in parse_json(file.read_text())["variants"].values():
            scores = [self.score_of_seed(run) for run in variant["runs"]]
            task = variant["config"]["task"]
            best[task] = max(best.get(task, 0.0), sum(scores) / len(scores))
        return best


def set_of_every_length(task: str, count: int | None) -> Examples:
    """Return the test set of a task of the Chomsky hierarchy: 10 sequences of every length, or `count` in all."""
    if count is not None:
        return set_of_uniform_lengths(task, count)
    built = TASKS[task]()
    return fixed_set(built, built.test_lengths, count_per_length=chomsky.PER_LENGTH)


TRANSDUCTION_NAMES = {config.task: name for name, config in transductions.CONFIGS.items()}


def published_transductions(*machines: str) -> tuple[str, ...]:
    """Return the best published test accuracy of some machines on each transduction, in percent."""
    rows = [transductions.PUBLISHED[name] for name in TRANSDUCTION_NAMES.values()]
    columns = [transductions.MACHINES.index(machine) for machine in machines]
    return tuple(f"{100 * max(row[column][2] for column in columns):.1f}" for row in rows)


SUITES = {
    "chomsky": Suite(
        "Mean token accuracy (%) at lengths 41-500, and published maxima (~: quoted from memory)",
        tuple(chomsky.PUBLISHED),
        chomsky.score_of,
        set_of_every_length,
        {
            label: tuple(chomsky.published(task, label) for task in chomsky.PUBLISHED)
            for label in chomsky.PUBLISHED_MACHINES
        },
        shows_answers=False,
        result="chomsky",
    ),
    "transductions": Suite(
        "Whole answers (%) at lengths 65-128, and published ones",
        tuple(TRANSDUCTION_NAMES),
        published={
            "best LSTM": published_transductions(*transductions.NETWORKS),
            **{machine: published_transductions(machine) for machine in transductions.MEMORIES},
        },
        result="transductions",
        score_of_seed=lambda run: 100 * run["test"]["coarse"],
    ),
    "counting": Suite(
        "Strings with n up to 60 (%) continued without an error, and published ones",
        tuple(counting.LANGUAGES),
        test=lambda task, count: counting.strings(task),
        has_every_string=True,
        published={
            machine: tuple(f"{score:.1f}" for score in scores) for machine, scores in counting.PUBLISHED.items()
        },
        result="counting",
        score_of_seed=lambda run: run["soft"],
    ),
    "dyck": Suite(
        "Strings of 52-100 brackets (%) whose every next closing bracket is known",
        tuple(name for name in TASKS if name.startswith("dyck-")),
    ),
}
"""Every suite by its name."""
