"""The Chomsky-hierarchy benchmark: fifteen tasks by networks with and without a memory.

Delétang et al. (2023), Table 2: trained on lengths 1 to 40; the score is the token accuracy averaged over lengths 41 to
500, the best of 10 seeds and 3 learning rates after a million steps. Ours takes far fewer steps.
"""

from contextlib import nullcontext
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from neuralstack._runtime import lightly_compiled
from neuralstack.evaluation import evaluate, fixed_set
from neuralstack.experiments._result import result_of, write_result
from neuralstack.experiments._seeds import Arm, map_on_cores, train_seeds
from neuralstack.reporting import COLORS, figure, table
from neuralstack.tasks import FAMILIES
from neuralstack.training import Config, Run, build_task, complete

BASE = Config(
    "parity", hidden=64, width=16, batch=64, steps=10_000, curriculum="uniform", evaluate_every=500, learning_rate=3e-3,
    restart_after=0,
)  # fmt: skip
MACHINES = {
    "RNN": replace(BASE, memory="none", controller="elman"),
    "LSTM": replace(BASE, memory="none", controller="lstm"),
    "Stack-RNN": replace(BASE, memory="superposition", controller="elman", connection="feedback"),
    "Tape-RNN": replace(BASE, memory="tape", controller="elman", connection="feedback"),
}
SEEDS = 3
QUICK_MACHINES, QUICK_FAMILIES = ("Stack-RNN", "Tape-RNN"), ("regular", "context-free")
QUICK_STEPS, QUICK_COUNT = 24, 16
PUBLISHED = {
    # RNN, Stack-RNN, Tape-RNN, LSTM
    "even-pairs": (100.0, 100.0, 100.0, 100.0),
    "modular-arithmetic": (100.0, 100.0, 100.0, 100.0),
    "parity": (100.0, 100.0, 100.0, 100.0),
    "cycle-navigation": (100.0, 100.0, 100.0, 100.0),
    "stack-manipulation": (56.0, 100.0, 100.0, 59.1),
    "reverse-string": (62.0, 100.0, 100.0, 60.9),
    "modular-arithmetic-brackets": (41.3, 96.1, 95.4, 59.2),
    "solve-equation": (51.0, 56.2, 64.4, 67.8),
    "duplicate-string": (50.3, 52.8, 100.0, 57.6),
    "missing-duplicate": (52.3, 55.2, 100.0, 54.3),
    "odds-first": (51.0, 51.9, 100.0, 55.6),
    "binary-addition": (50.3, 52.7, 100.0, 55.5),
    "binary-multiplication": (50.0, 52.7, 58.5, 53.1),
    "compute-sqrt": (54.3, 56.5, 57.8, 57.5),
    "bucket-sort": (27.9, 78.1, 70.7, 99.3),
}
PUBLISHED_ORDER = ("RNN", "Stack-RNN", "Tape-RNN", "LSTM")


def reproduce(path: str | Path, *, quick: bool = False) -> dict[str, Any]:
    """Fifteen tasks of the Chomsky hierarchy, with and without a memory (Delétang et al., 2023, Table 2).

    Every machine is trained under `path`, where `result.json` and the figure are written after each task; what was
    trained before is read, not trained again.

    Args:
        path: The experiment's directory.
        quick: Train the machines with a memory on the regular and context-free tasks, one seed and few steps each.

    Returns:
        What `result.json` holds: each seed's score and its accuracy by length, versions and the command.
    """
    path, console = Path(path), Console()
    result: dict[str, Any] = {**result_of("chomsky", quick=quick), "tasks": {}}
    chosen = tasks(quick=quick)
    mapped, lightly = (map_on_cores, lightly_compiled()) if quick else (map, nullcontext())
    with lightly:
        for task, scores in zip(chosen, mapped(partial(learn, path=path, quick=quick), chosen), strict=True):
            result["tasks"][task] = scores
            write_result(result, path)
            best = ", ".join(f"{name} {best_of(one['runs'])['score']:.1f}" for name, one in scores.items())
            console.print(f"{task}: {best}", highlight=False)
    draw(result, path / "lengths")
    for title, columns, rows in table_rows(result):
        console.print(table(title, columns, rows))
    console.print(f"result and figure: {path}")
    return result


def learn(task: str, path: Path, *, quick: bool) -> dict[str, Any]:
    """Train every machine on a task, and return what its seeds gave."""
    measure_some = partial(measure, count=QUICK_COUNT if quick else 1000)
    return {
        arm.label: {"config": asdict(complete(arm.config)), "runs": list(train_seeds(arm, path, measure_some))}
        for arm in arms(task, quick=quick)
    }


def tasks(*, quick: bool) -> list[str]:
    """Return the names of the tasks, in the order of the table."""
    chosen = [name for family in QUICK_FAMILIES for name in FAMILIES[family]] if quick else PUBLISHED
    return [name for name in PUBLISHED if name in chosen]


def arms(task: str, *, quick: bool) -> list[Arm]:
    """Return the machines that learn a task."""
    found = [
        Arm(f"{task}/{name.lower()}", name, replace(config, task=task), SEEDS, watch_first=False)
        for name, config in MACHINES.items()
        if not quick or name in QUICK_MACHINES
    ]
    if not quick:
        return found
    return [
        replace(arm, seeds=1, config=replace(arm.config, steps=QUICK_STEPS, evaluate_every=QUICK_STEPS, batch=16))
        for arm in found
    ]


def measure(run: Run, config: Config, count: int) -> dict[str, Any]:
    """Return a machine's accuracy on all longer lengths, which are measured at once, and its score: the mean."""
    task = build_task(config)
    report = evaluate(run.load_model(), fixed_set(task, task.test_lengths, count))
    accuracies = {length: band["token"] for length, band in report.by_length.items()}
    return {"coarse": report.coarse, "score": 100 * float(np.mean(list(accuracies.values()))), "by_length": accuracies}


def best_of(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the seed with the best score, as the publication does."""
    return max(runs, key=lambda run: run["score"])


def draw(result: dict[str, Any], path: Path) -> None:
    """Draw the token accuracy of the best seed of each machine against the length, a panel for each task."""
    rows = -(-len(result["tasks"]) // 3)
    with figure(path, rows, 3, (9, 2.2 * rows)) as (drawn, axes):
        for panel in axes.flat[len(result["tasks"]) :]:
            panel.set_axis_off()
        for panel, (task, scores) in zip(axes.flat, result["tasks"].items(), strict=False):
            for color, (name, one) in zip(COLORS, scores.items(), strict=False):
                by_length = best_of(one["runs"])["by_length"]
                bands = np.array_split(sorted((int(length), token) for length, token in by_length.items()), 10)
                panel.plot(*np.array([band.mean(0) for band in bands if len(band)]).T, color=color, label=name)
            panel.set(title=task, ylim=(-0.03, 1.03))
        for panel in axes[-1]:
            panel.set_xlabel("length")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside lower center", ncols=len(labels))


def table_rows(result: dict[str, Any]) -> list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
    """Return the titles, columns and rows of the experiment's tables, for the terminal and for the documentation."""
    machines = [name for name in MACHINES if any(name in scores for scores in result["tasks"].values())]
    rows = []
    for task, scores in result["tasks"].items():
        ours = [f"{best_of(scores[name]['runs'])['score']:.1f}" if name in scores else "" for name in machines]
        theirs = [f"{PUBLISHED[task][PUBLISHED_ORDER.index(name)]:.1f}" for name in machines]
        rows.append((task, *(cell for both in zip(ours, theirs, strict=True) for cell in both)))
    columns = ("task", *(head for name in machines for head in (f"{name}\nours", "\npublished")))
    return [("Token accuracy in percent, averaged over lengths 41-500: the best seed", columns, rows)]
