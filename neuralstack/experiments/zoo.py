"""The zoo: a small network for each of many tasks, and the program that it runs, checked and proved.

Each task is trained by its recipe from five seeds. Every hardened machine is extracted and its program checked: on all
sources up to a length, on random ones to 1000 symbols and, where the task is given as a program too, by a proof for
every length. The first seed whose program is right is the entry of the zoo; the others count how often this succeeds.
"""

from dataclasses import replace
from functools import partial
from typing import Any

from neuralstack.experiments._experiment import Experiment, Measured, Quick
from neuralstack.experiments._zoo_machines import quick_variants, variants_of
from neuralstack.experiments._zoo_measure import measure, write_entries
from neuralstack.experiments._zoo_tables import tables


def headline(run: Measured) -> str:
    """Return how far a seed came."""
    if run["program"] is None:
        return f"hardened {run['hardened']:.2f}, no program: {run['reason']}"
    found, states = run["verification"], run["program"]["states"]
    many = "s" if states > 1 else ""
    return f"hardened {run['hardened']:.2f}, a program of {states} state{many}, {found['verdict']}"


def choose(**chosen: Any) -> Experiment:
    """Return the experiment with some of its tasks and seeds; the arguments are those of `variants_of`."""
    variants, quick = variants_of(**chosen), quick_variants(**chosen)
    return replace(EXPERIMENT, variants=variants, quick=replace(EXPERIMENT.quick, variants=quick), chosen=chosen)


EXPERIMENT = Experiment(
    "zoo",
    "Networks that learned algorithms, and the programs that they run, checked and proved",
    "ours",
    variants=variants_of(),
    quick=Quick(quick_variants(), partial(measure, sequences=200, seconds=0.5), unoptimized=True),
    measure=measure,
    headline=headline,
    tables=tables,
    write=write_entries,
    choose=choose,
    choices=("tasks", "seeds", "first_seed"),
)
