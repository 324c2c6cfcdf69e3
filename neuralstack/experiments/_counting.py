"""Counting languages: what share of strings is continued rightly, beyond the counts that were trained on.

Joulin & Mikolov (2015), Table 1: trained on n below 20, tested on n up to 60, each string predicted from its first
determined letter to the letter after its last. Theirs is a recurrent network of 40 with 10 superposition stacks; ours
is a controller without a state, or a small one with, and up to 10 neural stacks, which must do the counting. Strengths
are drawn to 0 and 1 once the strings are learned.
"""

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from neuralstack.discretization import harden
from neuralstack.evaluation import Examples, evaluate, format_pairs
from neuralstack.experiments._result import result_of, write_result
from neuralstack.experiments._seeds import Arm, train_seeds
from neuralstack.reporting import plot_curves, table
from neuralstack.tasks import TASKS, Counting
from neuralstack.training import Config, Run, complete

NETWORK = Config(
    "anbn", memory="none", hidden=40, width=40, curriculum="growing", grow_over=1500, steps=3000, evaluate_every=250,
    patience=0,
)  # fmt: skip


class Counter(NamedTuple):
    """How a language is written, what counts it, up to which n it is trained, and over how many batches n grows."""

    written: str
    stacks: int
    controller: str
    hidden: int
    width: int
    longest: int
    grow_over: int


LANGUAGES = {
    "anbn": Counter("a^n b^n", 1, "feedforward", 8, 8, 19, 1500),
    "anbncn": Counter("a^n b^n c^n", 10, "feedforward", 40, 4, 19, 1500),
    "anbncndn": Counter("a^n b^n c^n d^n", 10, "feedforward", 40, 4, 19, 1500),
    "anb2n": Counter("a^n b^2n", 4, "elman", 16, 4, 10, 600),
    "anbmcnm": Counter("a^n b^m c^(n+m)", 4, "feedforward", 16, 8, 19, 1500),
}
COLUMNS = {language: column for column, language in enumerate(LANGUAGES)}
PUBLISHED = {
    "RNN": (25.0, 23.3, 13.3, 23.3, 33.3),
    "LSTM": (100.0, 100.0, 68.3, 75.0, 100.0),
    "stack RNN": (100.0, 100.0, 100.0, 100.0, 43.3),
    "stack RNN, rounded": (100.0, 100.0, 100.0, 100.0, 100.0),
}
FURTHEST = 60
QUICK_STEPS = 500


def arms(language: str) -> list[Arm]:
    """Return the machines that learn a language."""
    counter = LANGUAGES[language]
    grown = counter.grow_over
    stack = replace(
        NETWORK, memory="+".join(["stack"] * counter.stacks), controller=counter.controller, connection="layer",
        hidden=counter.hidden, width=counter.width, max_length=counter.longest, grow_over=grown,
        # Once the longest strings are reached, the strengths are drawn to 0 and 1 for as many batches again.
        pull=0.5, pull_after=grown, steps=2 * grown,
    )  # fmt: skip
    configs = {
        "RNN": (replace(NETWORK, controller="elman"), 2),
        "LSTM": (replace(NETWORK, controller="lstm"), 2),
        "stack": (stack, 4),
    }
    return [
        Arm(f"{language}/{name.lower()}", name, replace(config, task=language), seeds, watch_first=False)
        for name, (config, seeds) in configs.items()
    ]


def quick_arms(language: str) -> list[Arm]:
    """Return the machines of a run of a few minutes."""
    return [
        replace(
            arm, seeds=1, config=replace(arm.config, steps=QUICK_STEPS) if arm.config.memory == "none" else arm.config
        )
        for arm in arms(language)
    ]


def reproduce(path: str | Path, *, quick: bool = False) -> dict[str, Any]:
    """Counting languages by networks and by stacks, soft and rounded (Joulin & Mikolov, 2015, Table 1).

    Every machine is trained under `path`, where `result.json` is written after each; what was trained before is read,
    not trained again.

    Args:
        path: The experiment's directory.
        quick: Train one language, one seed of each machine, and the networks for few steps.

    Returns:
        What `result.json` holds: each seed's shares by language and machine, versions and the command.
    """
    path, console = Path(path), Console()
    result: dict[str, Any] = {**result_of("counting", quick=quick), "languages": {}}
    for language in ("anbn",) if quick else LANGUAGES:
        result["languages"][language] = measured = {}
        for arm in quick_arms(language) if quick else arms(language):
            runs = list(train_seeds(arm, path, measure))
            measured[arm.label] = {"config": asdict(complete(arm.config)), "runs": runs}
            write_result(result, path)
            best = best_of(runs)
            console.print(
                f"{LANGUAGES[language].written}, {arm.label}: {best['soft']:.1f}%, rounded {best['hard']:.1f}%",
                highlight=False, markup=False,
            )  # fmt: skip
    first = next(iter(result["languages"]))
    plot_curves({arm.label: Run(path / arm.name / "0").metrics() for arm in arms(first)}, path / "curves")
    for title, columns, rows in table_rows(result):
        console.print(table(title, columns, rows))
    console.print(f"result and curves: {path}")
    return result


def measure(run: Run, config: Config) -> dict[str, Any]:
    """Return a machine's share of right strings, soft and rounded, and how well it did on the training counts."""
    machine, data = run.load_model(), strings(config.task)
    soft, hard = (100 * evaluate(one, data).coarse for one in (machine, harden(machine)))
    validation = min(run.metrics(), key=lambda record: record["validation"]["loss"])["validation"]
    return {"soft": soft, "hard": hard, "validation": validation}


def strings(language: str) -> Examples:
    """Return every string of a language with n up to the furthest; where there is an m, each n with one of its own."""
    task = TASKS[language](max_length=FURTHEST, strings=1)
    assert isinstance(task, Counting)
    sources = [task.single(n, 1 + 7 * n % FURTHEST) for n in range(1, FURTHEST + 1)]
    return format_pairs(task, [(source, task.answer(source)) for source in sources])


def best_of(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the seed that did best on the training counts."""
    return min(runs, key=lambda run: run["validation"]["loss"])


def table_rows(result: dict[str, Any]) -> list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
    """Return the titles, columns and rows of the experiment's tables, for the terminal and for the documentation."""
    languages = list(result["languages"])

    def row(name: str, machine: str, cell: Callable[[list[dict[str, Any]]], str]) -> tuple[str, ...]:
        return name, *(cell(result["languages"][language][machine]["runs"]) for language in languages)

    def published(machine: str) -> tuple[str, ...]:
        return f"{machine}, published", *(f"{PUBLISHED[machine][COLUMNS[language]]:.1f}" for language in languages)

    rows = [
        row("RNN", "RNN", lambda runs: f"{best_of(runs)['soft']:.1f}"),
        published("RNN"),
        row("LSTM", "LSTM", lambda runs: f"{best_of(runs)['soft']:.1f}"),
        published("LSTM"),
        row("stack", "stack", lambda runs: f"{best_of(runs)['soft']:.1f}"),
        published("stack RNN"),
        row("stack, rounded", "stack", lambda runs: f"{best_of(runs)['hard']:.1f}"),
        published("stack RNN, rounded"),
        row("stack: seeds at 100", "stack", lambda runs: at_100(runs, "soft")),
        row("rounded: seeds at 100", "stack", lambda runs: at_100(runs, "hard")),
    ]
    heads = [written.replace(" c", "\nc") for written in (LANGUAGES[language].written for language in languages)]
    return [("Percent of the strings with n up to 60 that are continued without an error", ("machine", *heads), rows)]


def at_100(runs: list[dict[str, Any]], part: str) -> str:
    """Count the seeds that are right on every string."""
    return f"{sum(run[part] == 100 for run in runs)} of {len(runs)}"
