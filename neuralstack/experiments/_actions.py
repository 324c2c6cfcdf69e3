"""Binary reversal by machines that learn their actions from traces, by drawing them, or that have no memory.

The protocol is that of a public notebook: strings of up to 60 bits, and a hard stack machine, a soft one and an LSTM
taught by the traces of a textbook program, measured there only while they were forced. Here every machine is measured
on its own, by length, and the one that the notebook left untrained learns by REINFORCE (Williams, 1992), without any
trace, on up to 10 bits.
"""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from neuralstack.evaluation import evaluate, fixed_set
from neuralstack.experiments._result import result_of, write_result
from neuralstack.experiments._seeds import Arm, map_on_cores, summarize, train_seeds
from neuralstack.reporting import plot_curves, table
from neuralstack.training import Config, Run, build_task

TASK = "reverse-string"
TRACED = Config(TASK, objective="traces", forcing_steps=200, min_length=1, max_length=60, steps=600, evaluate_every=50)
DRAWN = Config(
    TASK, memory="hard", objective="reinforce", baseline="learned", entropy=0.05, pull=0.0, learning_rate=3e-3,
    first_lengths=(), min_length=1, max_length=10, steps=3000, evaluate_every=100, patience=0, restart_after=0,
)  # fmt: skip
NETWORK = Config(TASK, memory="none", controller="lstm", min_length=1, max_length=60, steps=600)
ARMS = (
    Arm("hard", "hard, traces", replace(TRACED, memory="hard"), seeds=3),
    Arm("soft", "soft, traces", replace(TRACED, memory="stack"), seeds=3),
    Arm("pointer", "pointer, traces", replace(TRACED, memory="pointer"), seeds=3),
    Arm("lstm", "LSTM", NETWORK, seeds=3),
    Arm("reinforce", "hard, REINFORCE", DRAWN, seeds=5),
)
LEARNED = 0.95  # the token accuracy from which a machine counts as having learned


def reproduce(path: str | Path, *, quick: bool = False) -> dict[str, Any]:
    """Binary reversal from traces, by REINFORCE, and without a memory, each machine on its own.

    Every machine is trained under `path`, where `result.json` and the curves are written. What was trained before is
    read, not trained again.

    Args:
        path: The experiment's directory.
        quick: Train one seed of each, on up to 20 bits and for fewer steps.

    Returns:
        What `result.json` holds: the summary of each machine, the curves, versions and the command.
    """
    path, console = Path(path), Console()
    result: dict[str, Any] = {**result_of("actions", quick=quick), "arms": {}}
    mapped, arms = (map_on_cores, quick_arms()) if quick else (map, ARMS)
    for arm, summary in zip(arms, mapped(partial(learn, path=path), arms), strict=True):
        result["arms"][arm.name] = summary
        console.print(f"{arm.label}: {arm.seeds} seeds trained", highlight=False)
    write_result(result, path)
    plot_curves({arm.label: Run(path / arm.name / "0").metrics() for arm in ARMS}, path / "curves")
    for title, columns, rows in table_rows(result):
        console.print(table(title, columns, rows))
    console.print(f"result and curves: {path}")
    return result


def learn(arm: Arm, path: Path) -> dict[str, Any]:
    """Train every seed of an arm, and return what they gave."""
    results = list(train_seeds(arm, path))
    return {**summarize(arm, results), "lengths": lengths_of(arm, path, results)}


def quick_arms() -> list[Arm]:
    """Return the arms of a run of a few minutes."""
    return [
        replace(
            arm,
            seeds=1,
            watch_first=False,
            config=replace(arm.config, max_length=min(20, arm.config.lengths[1]), steps=steps),
        )
        for arm, steps in zip(ARMS, (100, 100, 100, 200, 800), strict=True)
    ]


def lengths_of(arm: Arm, path: Path, results: list[dict[str, Any]]) -> dict[str, Any]:
    """Return, at the training lengths and at ten times the longest, each seed's accuracies on its own."""
    longest = arm.config.lengths[1]
    found: dict[str, Any] = {"trained": [1, longest], "far": [10 * longest, 10 * longest]}
    for name, count in (("trained", 1000), ("far", 100)):
        low, high = found[name]
        reports = []
        for result in results:
            run = Run.open(path / arm.name / str(result["seed"]))
            report = evaluate(run.load_model(), fixed_set(build_task(run.config()), (low, high), count))
            reports.append({part: getattr(report, part) for part in ("coarse", "token")})
        found[f"{name}_reports"] = reports
    return found


def table_rows(result: dict[str, Any]) -> list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
    """Return the titles, columns and rows of the experiment's tables, for the terminal and for the documentation."""
    rows = []
    for arm in result["arms"].values():
        lengths = arm["lengths"]
        cells = []
        for name in ("trained", "far"):
            reports = lengths[f"{name}_reports"]
            cells += [
                f"{sorted(report[part] for report in reports)[len(reports) // 2]:.3f}" for part in ("coarse", "token")
            ]
        learned = sum(report["token"] >= LEARNED for report in lengths["trained_reports"])
        low_length, high_length = lengths["trained"]
        rows.append((
            arm["label"], f"{low_length}-{high_length}", *cells[:2], str(lengths["far"][0]), *cells[2:],
            f"{learned} of {arm['seeds']}",
        ))  # fmt: skip
    columns = (
        "machine", "trained\non", "coarse", "token", "ten\ntimes", "coarse", "token", "seeds at\n0.95",
    )  # fmt: skip
    return [("Binary reversal, unforced: the median seed", columns, rows)]
