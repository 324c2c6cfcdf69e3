"""How far machines carry over: as they were trained, with rounded actions, and with a state that cannot drift.

Small leaks of strength add up, so a soft machine that is perfect on 128 symbols may fail on 512. Rounding removes the
leaks. What then fails on thousands of symbols is the controller: its state holds the phase of answering for as long as
it had to in training, and relaxes. Keeping it within what it was in training cures that. Finishing batches, after the
validation was perfect, make the soft machine exact further out.
"""

import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from neuralstack.automata import Extraction, StackTransducer, find_transducer
from neuralstack.discretization import harden
from neuralstack.evaluation import evaluate, fixed_set, success_interval
from neuralstack.experiments._result import result_of, write_result
from neuralstack.experiments._seeds import Arm, train_seeds
from neuralstack.reporting import describe_program, table
from neuralstack.training import Config, Run, build_task, complete

DEMO = Config("reversal", evaluate_every=25, patience=5)
"""What `make demo` trains, from seed 0."""
ARMS = (
    Arm("demo", "as in make demo", DEMO, seeds=21, watch_first=False),
    Arm("finish", "and 500 finishing batches", replace(DEMO, finish=500), seeds=10, watch_first=False),
)
LENGTHS, COUNT = (128, 512, 2048, 10_000), 100
PROGRAMS, LONGEST = 10_000, 1000  # sequences on which network and program are compared, and the longest of them
LONG = 100_000
QUICK_LENGTHS, QUICK_COUNT, QUICK_PROGRAMS = (128, 512, 2048), 20, 500
VERSIONS = {"soft": "soft", "rounded": "actions rounded", "hardened": "and state bounded"}


def reproduce(path: str | Path, *, quick: bool = False) -> dict[str, Any]:
    """Trained machines, soft and hardened, at up to 10,000 symbols, and the programs that they are.

    Every machine is trained under `path`, where `result.json` is written after each arm. What was trained before is
    read, not trained again.

    Args:
        path: The experiment's directory.
        quick: Train two seeds without the finishing batches, and measure up to 2048 symbols.

    Returns:
        What `result.json` holds: each seed's accuracy by length and version, and its program, versions and the command.
    """
    path, console = Path(path), Console()
    result: dict[str, Any] = {**result_of("hardening", quick=quick), "arms": {}}
    for arm in (replace(ARMS[0], seeds=2),) if quick else ARMS:
        runs = list(train_seeds(arm, path, measure_quickly if quick else measure))
        result["arms"][arm.name] = {"label": arm.label, "config": asdict(complete(arm.config)), "runs": runs}
        write_result(result, path)
        console.print(f"{arm.label}: {len(runs)} seeds", highlight=False)
    if not quick:
        result["long"] = measure_long(Run(path / ARMS[0].name / "0"))
        write_result(result, path)
    for title, columns, rows in table_rows(result):
        console.print(table(title, columns, rows, texts=2))
    program = StackTransducer.load(path / ARMS[0].name / "0" / "program.json")
    print(describe_program("The program of seed 0", program))
    console.print(f"result: {path}")
    return result


def measure(run: Run, config: Config) -> dict[str, Any]:
    """Return the coarse accuracy of each version of a machine at each length, and what became of its program."""
    return measure_at(run, config, LENGTHS, COUNT, PROGRAMS if config.seed == 0 else PROGRAMS // 10)


def measure_quickly(run: Run, config: Config) -> dict[str, Any]:
    """Return the same up to shorter lengths, on fewer sequences."""
    return measure_at(run, config, QUICK_LENGTHS, QUICK_COUNT, QUICK_PROGRAMS)


def measure_at(run: Run, config: Config, lengths: tuple[int, ...], count: int, programs: int) -> dict[str, Any]:
    """Return the accuracies at some lengths, on `count` sequences each, and the program's agreement."""
    task, soft = build_task(config), run.load_model()
    hardened = harden(soft, task)
    machines = {"soft": soft, "rounded": harden(soft), "hardened": hardened}
    found: dict[str, dict[str, float]] = {version: {} for version in machines}
    for length in lengths:
        data = fixed_set(task, (length, length), count)
        for version, machine in machines.items():
            found[version][str(length)] = evaluate(machine, data).coarse
    extraction = find_transducer(hardened, task, (1, LONGEST), programs)
    if extraction.program:
        run.write("program.json", extraction.program.to_json())
    return {**found, "program": describe(extraction)}


def describe(extraction: Extraction) -> dict[str, Any]:
    """Return how many states a program has, and on how many sequences it agrees with its network."""
    if extraction.program is None or extraction.agreement is None:
        return {"states": None, "reason": extraction.reason}
    same, sequences, _ = extraction.agreement
    return {"states": len(extraction.program.states), "same": same, "sequences": sequences}


def measure_long(run: Run) -> dict[str, Any]:
    """Return whether the hardened machine answers one very long string without an error, and how long that takes."""
    task = build_task(run.config())
    machine = harden(run.load_model(), task)
    started = time.perf_counter()
    report = evaluate(machine, fixed_set(task, (LONG, LONG), 1))
    return {"length": LONG, "coarse": report.coarse, "seconds": time.perf_counter() - started}


def table_rows(result: dict[str, Any]) -> list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
    """Return the titles, columns and rows of the experiment's tables, for the terminal and for the documentation."""
    rows, programs = [], []
    for arm in result["arms"].values():
        runs, lengths = arm["runs"], list(arm["runs"][0]["soft"])
        for version, name in VERSIONS.items():
            perfect = [sum(run[version][length] == 1 for run in runs) for length in lengths]
            rows.append((arm["label"], name, *(f"{count} of {len(runs)}" for count in perfect)))
        found = [run["program"] for run in runs if run["program"]["states"]]
        agreeing = sum(one["same"] == one["sequences"] for one in found)
        low, high = success_interval(agreeing, len(runs))
        states = ", ".join(str(count) for count in sorted({one["states"] for one in found}))
        programs.append((
            arm["label"], states, f"{agreeing} of {len(runs)}", f"{low:.3f}-{high:.3f}",
            str(sum(one["same"] for one in found)), str(sum(one["sequences"] for one in found)),
        ))  # fmt: skip
    lengths = list(next(iter(result["arms"].values()))["runs"][0]["soft"])
    tables = [
        ("Seeds that answer every string without an error", ("training", "machine", *lengths), rows),
        (
            "StackTransducers, beside their networks on random strings of lengths 1-1000",
            ("training", "states", "seeds that agree", "interval", "strings answered alike", "of"),
            programs,
        ),
    ]
    if "long" in result:
        long = result["long"]
        answered = "yes" if long["coarse"] == 1 else "no"
        row = str(long["length"]), answered, f"{long['seconds']:.1f}"
        tables.append(("One string, seed 0, hardened", ("length", "without an error", "seconds"), [row]))
    return tables
