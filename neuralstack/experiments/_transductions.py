"""Five transductions by plain networks and by networks with a stack, a queue or a DeQue: a table of 35 cells.

Grefenstette et al. (2015), Table 3: trained on lengths 8 to 64, tested on 65 to 128, fixed sets of 1000 sequences. Ours
have a memory width of 64, where theirs had 256, and a hidden width of 64 or, where `OPTIONS` says so, of 128, where
theirs had 256 or 512. The networks without a memory see 10 sequences in a batch, as theirs did, since those of many
layers are what costs most of the time.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from neuralstack.experiments._result import result_of, write_result
from neuralstack.experiments._seeds import Arm, summarize, train_seeds
from neuralstack.reporting import COLORS, figure, table
from neuralstack.training import Config

NETWORK_STEPS, NETWORK_BATCH, QUICK_STEPS = 300, 10, 100
SEEDS = 3


class Cell(NamedTuple):
    """Published train and test accuracies of one machine on one task."""

    train_coarse: float
    train_fine: float
    test_coarse: float
    test_fine: float


NETWORKS = {"LSTM": 1, "LSTM, 2 layers": 2, "LSTM, 4 layers": 4, "LSTM, 8 layers": 8}
MEMORIES = {"stack": "stack", "queue": "queue", "DeQue": "deque"}
TASKS = {
    "copy": "copy",
    "reversal": "reversal",
    "bigram-flip": "bigram flip",
    "svo-sov": "SVO to SOV",
    "gender": "gender",
}
QUICK = {"copy": "queue", "reversal": "stack"}
"""By task of the quick run: the memory that it is learned with."""
OPTIONS: dict[str, dict[str, Any]] = {
    "copy": {"steps": 1000, "restart_after": 400},
    "reversal": {"steps": 1000, "restart_after": 400},
    "bigram-flip": {
        "steps": 1500, "connection": "skip", "hidden": 128, "curriculum": "growing", "grow_over": 1000, "min_length": 2
    },
    "svo-sov": {
        "steps": 1500, "controller": "lstm", "connection": "skip", "hidden": 128, "curriculum": "growing",
        "halve_every": 500, "patience": 0, "noise": 1.0, "noise_after": 500,
    },
    "gender": {"steps": 1000, "restart_after": 0},
}  # fmt: skip
"""By task: how its machines with a memory are trained, otherwise than by default."""
PUBLISHED = {
    "copy": (
        Cell(0.62, 0.87, 0.00, 0.38), Cell(0.80, 0.95, 0.00, 0.47), Cell(0.98, 0.98, 0.01, 0.50),
        Cell(0.57, 0.83, 0.00, 0.31), Cell(0.89, 0.94, 0.00, 0.22), Cell(1, 1, 1, 1), Cell(1, 1, 1, 1),
    ),
    "reversal": (
        Cell(0.78, 0.87, 0.01, 0.09), Cell(0.91, 0.94, 0.02, 0.06), Cell(0.93, 0.96, 0.03, 0.15),
        Cell(0.95, 0.98, 0.04, 0.13), Cell(1, 1, 1, 1), Cell(0.44, 0.61, 0.00, 0.07), Cell(1, 1, 1, 1),
    ),
    "bigram-flip": (
        Cell(0.53, 0.93, 0.01, 0.53), Cell(0.54, 0.93, 0.02, 0.52), Cell(0.52, 0.93, 0.01, 0.56),
        Cell(0.52, 0.93, 0.01, 0.53), Cell(0.44, 0.90, 0.00, 0.48), Cell(0.55, 0.94, 0.55, 0.98),
        Cell(0.55, 0.94, 0.53, 0.98),
    ),
    "svo-sov": (
        Cell(0.96, 0.98, 0.96, 0.99), Cell(0.97, 0.99, 0.96, 0.99), Cell(0.97, 0.99, 0.97, 0.99),
        Cell(0.98, 0.99, 0.98, 0.99), Cell(1, 1, 1, 1), Cell(1, 1, 1, 1), Cell(1, 1, 1, 1),
    ),
    "gender": (
        Cell(0.97, 0.99, 0.97, 0.99), Cell(0.98, 0.99, 0.98, 0.99), Cell(0.98, 0.99, 0.98, 0.99),
        Cell(0.98, 0.99, 0.99, 0.99), Cell(0.93, 0.97, 0.93, 0.97), Cell(1, 1, 1, 1), Cell(1, 1, 1, 1),
    ),
}  # fmt: skip
"""By task: LSTMs of 1, 2, 4 and 8 layers, then stack, queue and DeQue."""


def arms(task: str) -> list[Arm]:
    """Return the machines that learn a task, in the order of the table."""
    networks = [
        Arm(f"{task}/lstm-{layers}", name, Config(task, memory="none", controller="lstm", layers=layers), SEEDS)
        for name, layers in NETWORKS.items()
    ]
    memories = [Arm(f"{task}/{memory}", name, Config(task, memory=memory), SEEDS) for name, memory in MEMORIES.items()]
    return [
        *(replace(arm, config=replace(arm.config, steps=NETWORK_STEPS, batch=NETWORK_BATCH)) for arm in networks),
        *(replace(arm, config=replace(arm.config, **OPTIONS[task])) for arm in memories),
    ]


def reproduce(path: str | Path, *, quick: bool = False) -> dict[str, Any]:
    """Five transductions by LSTMs, and with a stack, a queue or a DeQue (Grefenstette et al., 2015, Table 3).

    Every machine is trained under `path`, where `result.json` and the figure are written after each. What was trained
    before is read, not trained again.

    Args:
        path: The experiment's directory.
        quick: Train a queue on copy, a stack on reversal, and the smallest network, one seed each for a few steps.

    Returns:
        What `result.json` holds: the summary of each cell, by task and machine, versions and the command.
    """
    path, console = Path(path), Console()
    tasks = tuple(QUICK if quick else TASKS)
    cells: dict[str, dict[str, Any]] = {task: {} for task in tasks}
    result = {**result_of("transductions", quick=quick), "cells": cells}
    trained = [(task, arm) for task in tasks for arm in (quick_arms(task) if quick else arms(task))]
    # First the machines with a memory, which the table is about: the networks take most of the time.
    for task, arm in sorted(trained, key=lambda one: one[1].config.memory == "none"):
        cells[task][arm.label] = summary = summarize(arm, list(train_seeds(arm, path)))
        write_result(result, path)
        draw(result, path / "transductions")
        test = summary["best"]["test"]
        console.print(f"{TASKS[task]}, {arm.label}: test coarse {test['coarse']:.2f}, fine {test['fine']:.2f}")
    for title, columns, rows in table_rows(result):
        console.print(table(title, columns, rows))
    console.print(f"result and figure: {path}")
    return result


def quick_arms(task: str) -> list[Arm]:
    """Return the machines of a run of a few minutes."""
    chosen = [arm for arm in arms(task) if arm.label in (QUICK[task], "LSTM")]
    return [
        replace(arm, seeds=1, config=replace(arm.config, steps=300 if arm.config.memory != "none" else QUICK_STEPS))
        for arm in chosen
    ]


def draw(result: dict[str, Any], path: Path) -> None:
    """Draw the test accuracies of every machine, a panel for each task: each seed, the best one, and the published."""
    machines = [*NETWORKS, *MEMORIES]
    with figure(path, 1, len(result["cells"]), (2.2 * len(result["cells"]) + 1, 3)) as (drawn, axes):
        for panel, (task, cells) in zip(axes[0], result["cells"].items(), strict=True):
            places = [place for place, machine in enumerate(machines) if machine in cells]
            runs = [(place, run) for place in places for run in cells[machines[place]]["runs"]]
            published = [PUBLISHED[task][place].test_coarse for place in places]
            best = [cells[machines[place]]["best"]["test"]["coarse"] for place in places]
            panel.plot(places, published, "o", mfc="none", mec=COLORS[1], ms=10, label="published")
            each = [place for place, _ in runs], [run["test"]["coarse"] for _, run in runs]
            panel.plot(*each, "_", color=COLORS[0], label="each seed")
            panel.plot(places, best, ".", color=COLORS[0], label="best seed by training lengths")
            panel.set_xticks(places, [machines[place] for place in places], rotation=90)
            panel.set(title=TASKS[task], ylim=(-0.06, 1.06))
        axes[0, 0].set_ylabel("test coarse accuracy")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside lower center", ncols=3)


def table_rows(result: dict[str, Any]) -> list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
    """Return the titles, columns and rows of the experiment's tables, for the terminal and for the documentation."""
    tables = []
    for task, cells in result["cells"].items():
        rows = []
        for machine, published in zip((*NETWORKS, *MEMORIES), PUBLISHED[task], strict=True):
            if machine not in cells:
                continue
            ours, best = cells[machine], cells[machine]["best"]
            numbers = [f"{one['coarse']:.2f}/{one['fine']:.2f}" for one in (best["train"], best["test"])]
            numbers += [f"{coarse:.2f}/{fine:.2f}" for coarse, fine in (published[:2], published[2:])]
            rows.append((machine, *numbers, f"{ours['solved']} of {ours['seeds']}"))
        columns = ("machine", "train", "test", "published\ntrain", "published\ntest", "seeds\nsolved")
        tables.append((f"{TASKS[task]}: coarse/fine accuracy of the best seed by training lengths", columns, rows))
    return tables
