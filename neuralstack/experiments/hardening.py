"""Length generalization of machines as trained, with discrete actions, and with a bounded state as well.

Small leaks of strength add up, so a soft machine that is perfect on 128 symbols may fail on 512. Discrete actions do
not leak. What then fails on thousands of symbols is the controller: its state holds the answering phase for as long as
it had to in training, and then decays. Bounding the state by its values in training prevents that. Extra batches after
perfect validation make the soft machine exact at greater lengths.
"""

import time
from functools import partial
from pathlib import Path
from typing import Any

from neuralstack.automata import StackTransducer, find_transducer
from neuralstack.discretization import harden
from neuralstack.evaluation import evaluate, fixed_set, success_interval
from neuralstack.experiments._experiment import Experiment, Measured, Quick, Result, Variant
from neuralstack.experiments._tables import Column, variants_table
from neuralstack.reporting import Table, describe_program
from neuralstack.training import Config, Run, build_task, configure, with_options

DEMO_CONFIG = configure("reversal", evaluate_every=25, stop_after_perfect=5)
DEMO = Variant("demo", "make demo", DEMO_CONFIG, seeds=21)
EXTRA = Variant("extra", "+ 500 batches", with_options(DEMO_CONFIG, extra_steps=500), seeds=10)
VERSIONS = {"soft": "soft", "rounded": "discrete actions", "hardened": "and bounded state"}
LONGEST = 1000  # of the strings on which network and transducer are compared
LONG = 100_000  # the length of one string, for the demo's first seed
TRANSDUCER_FILE = "program.json"


def measure(
    run: Run, config: Config, lengths: tuple[int, ...], count: int, comparisons: int, long: int | None
) -> dict[str, Any]:
    """Return the coarse accuracy of each version at each length, and the agreement with the extracted transducer.

    Args:
        run: A trained run.
        config: Its complete configuration.
        lengths: The lengths to measure, on `count` strings each.
        count: Number of strings of each length.
        comparisons: Number of strings on which network and transducer are compared; a tenth of it for seeds after the
            first.
        long: The length of one long string for the demo's first seed, or None.
    """
    task, soft = build_task(config), run.load_model()
    machines = {"soft": soft, "rounded": harden(soft), "hardened": harden(soft, task)}
    sets = {str(length): fixed_set(task, (length, length), count) for length in lengths}
    accuracy = {
        version: {length: evaluate(machine, data).coarse for length, data in sets.items()}
        for version, machine in machines.items()
    }
    comparisons = comparisons if config.seed == 0 else comparisons // 10
    extraction = find_transducer(machines["hardened"], task, (1, LONGEST), comparisons)
    if extraction.program:
        run.write(TRANSDUCER_FILE, extraction.program.to_json())
    measured = {**accuracy, "transducer": describe(extraction)}
    if long and run.path.parts[-2:] == (DEMO.name, "0"):
        started = time.perf_counter()
        coarse = evaluate(machines["hardened"], fixed_set(task, (long, long), 1)).coarse
        measured["long"] = {"length": long, "coarse": coarse, "seconds": time.perf_counter() - started}
    return measured


def describe(extraction: Any) -> dict[str, Any]:
    """Return a transducer's number of states, and the number of strings on which it agrees with its network."""
    if extraction.program is None or extraction.agreement is None:
        return {"states": None, "reason": extraction.reason}
    same, sequences, _ = extraction.agreement
    return {"states": len(extraction.program.states), "same": same, "sequences": sequences}


def headline(run: Measured) -> str:
    """Return the accuracies of a seed at the longest length."""
    length = max(run["soft"], key=int)
    return f"at {length} symbols: soft {run['soft'][length]:.2f}, hardened {run['hardened'][length]:.2f}"


def transducers(variant: Measured) -> list[dict[str, Any]]:
    """Return the transducers that were found."""
    return [run["transducer"] for run in variant["runs"] if run["transducer"]["states"]]


def num_agreeing(variant: Measured) -> int:
    """Return the number of seeds with a transducer that agrees with its network on every string."""
    return sum(result["same"] == result["sequences"] for result in transducers(variant))


COLUMNS = (
    Column("training", lambda variant: variant["label"]),
    Column(
        "states",
        lambda variant: ", ".join(str(n) for n in sorted({result["states"] for result in transducers(variant)})),
    ),
    Column("seeds that agree", lambda variant: f"{num_agreeing(variant)} of {len(variant['runs'])}"),
    Column(
        "interval",
        lambda variant: "{:.3f}-{:.3f}".format(*success_interval(num_agreeing(variant), len(variant["runs"]))),
    ),
    Column("same answers", lambda variant: str(sum(result["same"] for result in transducers(variant)))),
    Column("of", lambda variant: str(sum(result["sequences"] for result in transducers(variant)))),
)


def tables(result: Result) -> list[Table]:
    """Return accuracy by length, the transducers, and the long string."""
    variants = list(result["variants"].values())
    lengths = list(variants[0]["runs"][0]["soft"])
    rows = [
        (
            variant["label"], name,
            *(
                f"{sum(run[version][length] == 1 for run in variant['runs'])} of {len(variant['runs'])}"
                for length in lengths
            ),
        )
        for variant in variants
        for version, name in VERSIONS.items()
    ]  # fmt: skip
    results = [
        Table("Seeds that answer every string without an error", ("training", "machine", *lengths), rows, 2),
        variants_table(
            "Transducers, beside their networks on random strings of lengths 1-1000", variants, COLUMNS,
            num_text_columns=2,
        ),
    ]  # fmt: skip
    for long in [run["long"] for variant in variants for run in variant["runs"] if "long" in run]:
        row = str(long["length"]), "yes" if long["coarse"] == 1 else "no", f"{long['seconds']:.1f}"
        results.append(Table("One string, seed 0, hardened", ("length", "without an error", "seconds"), [row], 2))
    return results


def first_transducer(path: Path) -> str:
    """Return the transducer of the demo's first seed as text."""
    file = path / DEMO.name / "0" / TRANSDUCER_FILE
    return describe_program("The transducer of seed 0", StackTransducer.load(file)) if file.is_file() else ""


EXPERIMENT = Experiment(
    "hardening",
    "Trained machines, soft and hardened, at up to 10,000 symbols, and their transducers",
    "ours",
    variants=(DEMO, EXTRA),
    quick=Quick(
        (DEMO.shortened(seeds=2),),
        partial(measure, lengths=(128, 512, 2048), count=20, comparisons=500, long=None),
    ),
    measure=partial(measure, lengths=(128, 512, 2048, 10_000), count=100, comparisons=10_000, long=LONG),
    headline=headline,
    tables=tables,
    appendix=first_transducer,
)
