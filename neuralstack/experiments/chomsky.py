"""The Chomsky-hierarchy benchmark: fifteen tasks by machines of this package, and by networks like the published ones.

Machines are trained on lengths 1 to 40; the score is the token accuracy averaged over lengths 41 to 500. There are 10
sequences of every length, 4600 in all; in the public code, there are 512 of every length. The published scores are the
best of 10 seeds and 3 learning rates after a million steps; ours take far fewer.
"""

from dataclasses import replace
from functools import partial
from typing import Any

from neuralstack.experiments._chomsky_machines import quick_variants, variants_of
from neuralstack.experiments._chomsky_measure import PER_LENGTH as PER_LENGTH, measure, score_of as score_of
from neuralstack.experiments._chomsky_published import (
    PUBLISHED as PUBLISHED,
    PUBLISHED_MACHINES as PUBLISHED_MACHINES,
    published as published,
)
from neuralstack.experiments._chomsky_tables import tables
from neuralstack.experiments._experiment import Experiment, Measured, Quick
from neuralstack.experiments._figures import draw_lengths, draw_survival

ROW = ("score", "whole", "hard_score", "hard_500", "hard_5000", "steps", "seconds", "restarts")


def headline(run: Measured) -> str:
    """Return the score of a seed."""
    hard = run["hard_5000"]
    return f"score {run['score']:.1f}" + (f", whole answers at 5000 symbols {hard:.2f}" if hard is not None else "")


def row(run: Measured) -> dict[str, Any]:
    """Return the outcome of a seed, as printed in JSON."""
    task, machine = run["variant"].split("/")
    return {"task": task, "machine": machine, "seed": run["seed"], **{name: run[name] for name in ROW}}


def choose(**chosen: Any) -> Experiment:
    """Return the experiment with some of its tasks, machines and seeds; the arguments are those of `variants_of`."""
    variants, quick = variants_of(**chosen), quick_variants(**chosen)
    return replace(EXPERIMENT, variants=variants, quick=replace(EXPERIMENT.quick, variants=quick), chosen=chosen)


EXPERIMENT = Experiment(
    "chomsky",
    "Fifteen tasks of the Chomsky hierarchy, with and without a memory",
    "Delétang et al., 2023, Table 2",
    variants=variants_of(),
    quick=Quick(
        quick_variants(),
        partial(measure, drawn={"count": 16}, far={500: 4, 5000: 1}),
        parallel=True,
        unoptimized=True,
    ),
    measure=measure,
    headline=headline,
    tables=tables,
    figures=(draw_survival, draw_lengths),
    parallel=True,
    choose=choose,
    choices=("tasks", "machines", "seeds", "first_seed", "max_steps", "json"),
    row=row,
)
