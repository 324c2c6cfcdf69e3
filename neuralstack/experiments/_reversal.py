"""String reversal with and without a neural stack: accuracies, learning curves and consistency over seeds.

The protocol is that of Flamant's public reproduction of Grefenstette et al. (2015): 128 symbols, batches of 50, hidden
width 64, memory width 64, train and validation lengths 8-64, test lengths 65-128, fixed sets of 1000 sequences.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from neuralstack.experiments._result import result_of, write_result
from neuralstack.experiments._seeds import Arm, summarize, train_seeds
from neuralstack.reporting import plot_curves, plot_seeds, table
from neuralstack.training import Config, Run

NETWORK_STEPS = 1000
PAPER_STEPS = 500
QUICK_STEPS = 100


def network(controller: str, layers: int = 1) -> Config:
    """Return the configuration of a plain network: a controller without a memory."""
    return Config("reversal", memory="none", controller=controller, layers=layers, steps=NETWORK_STEPS)


PAPER = Config("reversal", controller="lstm", connection="paper", steps=PAPER_STEPS)
ARMS = (
    Arm("stack", "GRU + stack", Config("reversal"), seeds=100),
    Arm("stack-lstm", "LSTM + stack", Config("reversal", controller="lstm"), seeds=10),
    Arm("stack-feedback", "GRU + stack, feedback", Config("reversal", connection="feedback"), seeds=10),
    Arm("stack-paper", "LSTM + stack, paper", PAPER, seeds=10),
    Arm("rnn", "RNN", network("elman"), seeds=10),
    Arm("lstm", "LSTM", network("lstm"), seeds=10),
    Arm("lstm-2", "LSTM, 2 layers", network("lstm", layers=2), seeds=3),
)
BOTH = ("coarse", "fine")
CURVES = ("stack", "lstm", "rnn")

GREFENSTETTE = "Grefenstette 2015"  # Table 3
FLAMANT = "Flamant"  # in PyTorch, with 128 symbols
PUBLISHED = (
    # who, machine, train coarse, train fine, test coarse, test fine; None where nothing was published
    (GREFENSTETTE, "LSTM", 0.78, 0.87, 0.01, 0.09),
    (GREFENSTETTE, "LSTM, 2 layers", 0.91, 0.94, 0.02, 0.06),
    (GREFENSTETTE, "LSTM + stack", 1.0, 1.0, 1.0, 1.0),
    (FLAMANT, "RNN", 0.741, None, 0.0, 0.383),
    (FLAMANT, "LSTM", 0.505, None, 0.0, 0.236),
    (FLAMANT, "LSTM + stack", 1.0, None, 1.0, None),
)
PUBLISHED_CONSISTENCY = (FLAMANT, "LSTM + stack", 3, 6)


def reproduce(path: str | Path, *, quick: bool = False) -> dict[str, Any]:
    """String reversal with and without a neural stack (Grefenstette et al., 2015; Flamant).

    Every machine is trained under `path`, where `result.json` and the figures are written. What was trained before is
    read, not trained again, so an interrupted experiment continues.

    Args:
        path: The experiment's directory.
        quick: Train two seeds of the stack, and one of each network for a few steps.

    Returns:
        What `result.json` holds: the summary of each machine, the curves, versions and the command.
    """
    path, console = Path(path), Console()
    summaries = {}
    for arm in quick_arms() if quick else ARMS:
        results = []
        for result in train_seeds(arm, path):
            results.append(result)
            solved = sum(one["test"]["coarse"] == 1 for one in results)
            console.print(f"{arm.label}: {solved} of {len(results)} seeds solved, of {arm.seeds} to train")
        summaries[arm.name] = summarize(arm, results)
    result = {
        **result_of("reversal", quick=quick),
        "arms": summaries,
        "curves": {name: Run(path / name / "0").metrics() for name in CURVES},
    }
    write_result(result, path)
    draw(result, path)
    for built in tables(result):
        console.print(built)
    console.print(f"result and figures: {path}")
    return result


def quick_arms() -> list[Arm]:
    """Return the arms of a run of a few minutes: those of the curves, since each arm is another program to compile."""
    chosen = [arm for arm in ARMS if arm.name in CURVES]
    return [
        replace(
            arm,
            seeds=2 if arm.name == "stack" else 1,
            config=replace(arm.config, steps=QUICK_STEPS) if arm.config.steps < Config.steps else arm.config,
        )
        for arm in chosen
    ]


def draw(result: dict[str, Any], path: Path) -> None:
    """Draw the learning curves and the consistency over seeds into `path`."""
    plot_curves({result["arms"][name]["label"]: records for name, records in result["curves"].items()}, path / "curves")
    runs = {arm["label"]: arm["runs"] for arm in result["arms"].values()}
    plot_seeds({label: [run["test"]["fine"] for run in ones] for label, ones in runs.items()}, path / "seeds")


def tables(result: dict[str, Any]) -> list[Any]:
    """Return the experiment's tables, our numbers beside the published ones."""
    return [table(*parts, texts=1 + ("source" in parts[1])) for parts in table_rows(result)]


def table_rows(result: dict[str, Any]) -> list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
    """Return the titles, columns and rows of the experiment's tables, for the terminal and for the documentation."""
    accuracies = [
        (arm["label"], "this run", *(f"{arm['best'][which][part]:.3f}" for which in ("train", "test") for part in BOTH))
        for arm in result["arms"].values()
    ]
    accuracies += [
        (machine, who, *("" if number is None else f"{number:.3f}" for number in numbers))
        for who, machine, *numbers in PUBLISHED
    ]
    consistency = [
        (
            arm["label"],
            "this run",
            f"{arm['solved']} of {arm['seeds']}",
            f"{arm['interval'][0]:.3f}-{arm['interval'][1]:.3f}",
            str(arm["restarted"]),
        )
        for arm in result["arms"].values()
    ]
    who, machine, solved, seeds = PUBLISHED_CONSISTENCY
    consistency.append((machine, who, f"{solved} of {seeds}", "", ""))
    effort = [
        (
            arm["label"],
            *(str(arm[f"{which}_steps"]) for which in ("median", "most")),
            *(f"{arm[f'{which}_seconds']:.1f}" for which in ("median", "most")),
        )
        for arm in result["arms"].values()
    ]
    return [
        (
            "Accuracy of the seed that is best on the fixed set of train lengths",
            ("machine", "source", "8-64\ncoarse", "fine", "65-128\ncoarse", "fine"),
            accuracies,
        ),
        (
            "Seeds that answer all 1000 test sequences rightly",
            ("machine", "source", "solved", "95% interval", "restarted"),
            consistency,
        ),
        (
            "What a seed took",
            ("machine", "median\nbatches", "most", "median\nseconds", "most"),
            effort,
        ),
    ]
