"""Tables of the zoo: the entries, the checks and proofs, the seeds, and the changed programs that were refuted."""

from typing import Any

from neuralstack.experiments._experiment import Measured, Result
from neuralstack.reporting import Table


def tables(result: Result) -> list[Table]:
    """Return the tables of a result; tasks without a right program are in that of the seeds only."""
    variants = result["variants"]
    entries = {name: entry for name, variant in variants.items() if (entry := entry_of(variant)) is not None}
    changed = {name: entry["changed"] for name, entry in entries.items() if entry["changed"]}
    return [
        Table(
            "Entries: the lengths of training, and the sizes of network and program",
            ("task", "memory", "seed", "trained\non", "weights", "states", "bits"),
            [row_of_sizes(name, variants[name], entry) for name, entry in entries.items()],
            2,
        ),
        Table(
            "Right answers of its program",
            ("task", "all\nsources", "up to\nlength", "random\nsources", "up to\nlength", "every\nlength"),
            [row_of_checks(name, entry) for name, entry in entries.items()],
        ),
        Table(
            "Seeds whose hardened machine is right, and whose program is then right",
            ("task", "seeds", "machine\nright", "program\nfound", "\nright", "\nproved", "restarts", "seconds"),
            [row_of_seeds(name, variant["runs"]) for name, variant in variants.items()],
        ),
        Table(
            "One transition changed: a shortest source that is answered wrongly",
            ("task", "source", "up to there", "answered", "right"),
            [row_of_change(name, of) for name, of in changed.items()],
            5,
        ),
    ]


def entry_of(variant: Measured) -> Measured | None:
    """Return the first seed whose program is right, if there is one."""
    return next((run for run in variant["runs"] if is_right(run)), None)


def is_right(run: Measured) -> bool:
    """Return whether a seed has a program that no check refuted, and that agrees with its network."""
    if run["program"] is None or run["verification"]["verdict"] == "refuted":
        return False
    return run["agreement"]["same"] == run["agreement"]["sequences"]


def row_of_sizes(name: str, variant: Measured, entry: Measured) -> tuple[Any, ...]:
    """Return the sizes of a network and its program."""
    config, low_high = variant["config"], entry["train_lengths"]
    network, program = entry["network"], entry["program"]
    return (
        name, config["machine"]["memory"], entry["seed"], "{}-{}".format(*low_high), f"{network['weights']:,}",
        program["states"], f"{program['bits']:,}",
    )  # fmt: skip


def row_of_checks(name: str, entry: Measured) -> tuple[Any, ...]:
    """Return the checks of a program."""
    found = entry["verification"]
    every, drawn = found["every"], found["drawn"]
    return (
        name, f"{every['sources']:,}", every["lengths"][1], f"{drawn['sources']:,}", entry["longest"],
        "proved" if found["proof"] else "",
    )  # fmt: skip


def row_of_seeds(name: str, runs: list[Measured]) -> tuple[Any, ...]:
    """Return the number of seeds that came so far."""
    right = [run for run in runs if run["hardened"] == 1]
    found = [run for run in right if run["program"]]
    proved = [run for run in found if run["verification"]["proof"]]
    counts = (runs, right, found, [run for run in found if is_right(run)], proved)
    return (
        name, *map(len, counts), sum(run["restarts"] for run in runs), f"{sum(run['seconds'] for run in runs):.0f}"
    )  # fmt: skip


def row_of_change(name: str, found: dict[str, Any]) -> tuple[str, ...]:
    """Return a counterexample."""
    return name, found["source"], found["given"], found["answered"] or "nothing", found["right"]
