"""Character language models of one text: a recurrent network, an LSTM, and an LSTM with a stack.

The protocol is that of a public exercise, whose Elman network of 256 units, read in chunks of 64 characters with its
state carried over, came to 1.9 nats per character of the text that it was trained on. Here the text is the help on
Python's language that comes with Python, and what is measured is its last tenth, which nothing is trained on.
"""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from neuralstack.evaluation import evaluate_language, sample_text
from neuralstack.experiments._result import result_of, write_result
from neuralstack.experiments._seeds import Arm, train_seeds
from neuralstack.reporting import plot_curves, table
from neuralstack.tasks import Characters
from neuralstack.training import Config, Run, build_task, complete

BASE = Config("characters", hidden=256, batch=32, steps=3000, evaluate_every=100, halve_every=800)
ARMS = (
    Arm("elman", "Elman", replace(BASE, memory="none", controller="elman"), seeds=3, watch_first=False),
    Arm("lstm", "LSTM", replace(BASE, memory="none", controller="lstm"), seeds=3, watch_first=False),
    Arm("lstm-stack", "LSTM + stack", replace(BASE, controller="lstm"), seeds=3, watch_first=False),
)
QUICK_STEPS = 250
WANTED = 1.9  # nats per character: where the exercise ended
PROMPT, TEMPERATURES, LENGTH = "The value of ", (0.1, 0.5, 1.0), 200


def reproduce(path: str | Path, *, quick: bool = False) -> dict[str, Any]:
    """Character language models: an Elman network, an LSTM, and an LSTM with a stack (a public JAX exercise).

    Every machine is trained under `path`, where `result.json` and the curves are written. What was trained before is
    read, not trained again.

    Args:
        path: The experiment's directory.
        quick: Train one seed of each for a few steps.

    Returns:
        What `result.json` holds: each seed's result, samples of the best, the curves, versions and the command.
    """
    path, console = Path(path), Console()
    arms = quick_arms() if quick else ARMS
    result = {**result_of("characters", quick=quick), "arms": {}}
    for arm in arms:
        runs = list(train_seeds(arm, path, measure))
        best = min(runs, key=lambda run: run["validation"])
        result["arms"][arm.name] = {
            "label": arm.label,
            "config": {**asdict(complete(arm.config)), "alphabet": ""},
            "runs": runs,
            "samples": samples_of(Run(path / arm.name / str(best["seed"]))),
        }
        write_result(result, path)
        console.print(f"{arm.label}: {best['bits']:.3f} bits per character")
    plot_curves({arm.label: Run(path / arm.name / "0").metrics() for arm in arms}, path / "curves")
    for title, columns, rows in table_rows(result):
        console.print(table(title, columns, rows, texts=3 if "what it writes" in columns else 1))
    console.print(f"result and curves: {path}")
    return result


def quick_arms() -> list[Arm]:
    """Return the machines of a run of a few minutes."""
    return [replace(arm, seeds=1, config=replace(arm.config, steps=QUICK_STEPS, evaluate_every=50)) for arm in ARMS]


def measure(run: Run, config: Config) -> dict[str, Any]:
    """Return how well a machine predicts the text that is held out, and when it was good enough."""
    records = run.metrics()
    there = next((record for record in records if record["validation"]["loss"] <= WANTED), None)
    return {
        "validation": min(record["validation"]["loss"] for record in records),
        "wanted_after": there and {"steps": there["step"], "seconds": there["seconds"]},
        **evaluate_language(run.load_model(), text_task(config))._asdict(),
    }


def text_task(config: Config) -> Characters:
    """Return the task of a configuration of language models."""
    task = build_task(complete(config))
    assert isinstance(task, Characters)
    return task


def samples_of(run: Run) -> dict[str, str]:
    """Return what a run's machine writes at each temperature, the prompt included."""
    machine, task = run.load_model(), text_task(run.config())
    return {str(heat): PROMPT + sample_text(machine, task, PROMPT, LENGTH, heat) for heat in TEMPERATURES}


def table_rows(result: dict[str, Any]) -> list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
    """Return the titles, columns and rows of the experiment's tables, for the terminal and for the documentation."""
    rows = []
    for arm in result["arms"].values():
        runs = sorted(arm["runs"], key=lambda run: run["bits"])
        median, reached = runs[len(runs) // 2], [run["wanted_after"] for run in runs if run["wanted_after"]]
        rows.append((
            arm["label"], str(len(runs)), f"{runs[0]['bits']:.3f}", f"{median['bits']:.3f}", f"{median['loss']:.3f}",
            f"{median['seconds']:.0f}", f"{max(one['seconds'] for one in reached):.0f}" if reached else "never",
        ))  # fmt: skip
    columns = (
        "machine", "seeds", "best\nbits", "median\nbits", "nats", "seconds of\ntraining", f"slowest to\n{WANTED} nats"
    )  # fmt: skip
    said = [
        (arm["label"], temperature, repr(text))
        for arm in result["arms"].values()
        for temperature, text in arm["samples"].items()
    ]
    return [
        ("Held-out text: bits and nats per character", columns, rows),
        ("How the best seeds go on with a text", ("machine", "temperature", "what it writes"), said),
    ]
