"""Binary reversal by machines that imitate the actions of a textbook algorithm, sample theirs, or have no memory.

The protocol is that of a public notebook: strings of up to 60 bits, and a hard stack, a soft one and an LSTM, measured
there only while their actions were forced. Here every machine is measured unforced, by length; and the machine that the
notebook left untrained learns by REINFORCE (Williams, 1992), without any imitation, on up to 10 bits.
"""

from pathlib import Path
from statistics import median_high
from typing import TYPE_CHECKING, Any

from neuralstack.evaluation import evaluate, fixed_set
from neuralstack.experiments._experiment import Experiment, Measured, Quick, Result, Variant
from neuralstack.experiments._figures import draw_cells, draw_curves
from neuralstack.experiments._measures import accuracies, solved_seeds
from neuralstack.experiments._tables import LABEL, Column, variants_table
from neuralstack.reporting import Table
from neuralstack.training import Config, Run, build_task, with_options

if TYPE_CHECKING:
    from neuralstack.reporting import Figure

TASK = "reverse-string"
IMITATION = with_options(
    Config(TASK),
    objective="imitation",
    forcing_decay_steps=200,
    min_length=1,
    max_length=60,
    max_steps=600,
    evaluate_every=50,
)
HARD = Variant("hard", "hard, imitation", with_options(IMITATION, memory="hard"), log_test=True)
SOFT = Variant("soft", "soft, imitation", with_options(IMITATION, memory="stack"), log_test=True)
POINTER = Variant("pointer", "pointer, imitation", with_options(IMITATION, memory="pointer"), log_test=True)
LSTM = Variant(
    "lstm", "LSTM",
    with_options(Config(TASK), memory="none", controller="lstm", min_length=1, max_length=60, max_steps=600),
    log_test=True,
)  # fmt: skip
REINFORCE = Variant(
    "reinforce", "hard, REINFORCE",
    with_options(
        Config(TASK), memory="hard", objective="reinforce", baseline="learned", entropy=0.05, binarization=0.0,
        learning_rate=3e-3,
        curriculum="uniform", min_length=1, max_length=10, max_steps=3000, evaluate_every=100, stop_after_perfect=0,
        restart_after=0,
    ),
    seeds=5, log_test=True,
)  # fmt: skip
LEARNED = 0.95  # the token accuracy at which a seed counts as having learned
NUM_TRAIN, NUM_FAR = 1000, 100


def measure(run: Run, config: Config) -> dict[str, Any]:
    """Return the accuracies on the fixed sets, at the training lengths, and at ten times the longest of them."""
    longest, machine, task = config.lengths[1], run.load_model(), build_task(config)
    reports = {
        name: {"lengths": [low, high], "coarse": report.coarse, "token": report.token}
        for name, low, high, count in (
            ("trained", 1, longest, NUM_TRAIN), ("far", 10 * longest, 10 * longest, NUM_FAR)
        )
        for report in [evaluate(machine, fixed_set(task, (low, high), count))]
    }  # fmt: skip
    return {**accuracies(run, config), **reports}


def headline(run: Measured) -> str:
    """Return a seed's token accuracies."""
    return f"token accuracy {run['trained']['token']:.3f}, {run['far']['token']:.3f} at ten times the length"


def median(which: str, metric: str) -> Any:
    """Return a cell that shows the median over the seeds."""
    return lambda variant: f"{median_high(run[which][metric] for run in variant['runs']):.3f}"


COLUMNS = (
    LABEL,
    Column("trained\non", lambda variant: "{}-{}".format(*variant["runs"][0]["trained"]["lengths"])),
    Column("coarse", median("trained", "coarse")),
    Column("token", median("trained", "token")),
    Column("ten\ntimes", lambda variant: str(variant["runs"][0]["far"]["lengths"][0])),
    Column("coarse", median("far", "coarse")),
    Column("token", median("far", "token")),
    Column(
        f"seeds at\n{LEARNED}",
        lambda variant: f"{sum(run['trained']['token'] >= LEARNED for run in variant['runs'])} of {variant['seeds']}",
    ),
)


def tables(result: Result) -> list[Table]:
    """Return the median accuracies, and the number of seeds that learned."""
    return [variants_table("Binary reversal, unforced: the median seed", result["variants"].values(), COLUMNS)]


def draw(result: Result, path: Path | None = None) -> "Figure":
    """Draw the token accuracies of every seed, at the training lengths and at ten times these, into `actions`."""
    variants = result["variants"].values()
    panels = {"training lengths": "trained", "ten times the longest": "far"}
    seeds = {
        title: {one["label"]: [run[name]["token"] for run in one["runs"]] for one in variants}
        for title, name in panels.items()
    }
    return draw_cells(seeds, path and path / "actions", "token accuracy")


EXPERIMENT = Experiment(
    "actions",
    "Binary reversal by imitation, by REINFORCE, and without a memory, each machine unforced",
    "a public JAX notebook",
    variants=(HARD, SOFT, POINTER, LSTM, REINFORCE),
    quick=Quick(
        (
            HARD.shortened(max_length=20, max_steps=100), SOFT.shortened(max_length=20, max_steps=100),
            POINTER.shortened(max_length=20, max_steps=100), LSTM.shortened(max_length=20, max_steps=200),
            REINFORCE.shortened(max_steps=800),
        ),
        parallel=True,
    ),
    measure=measure,
    headline=headline,
    summarize=solved_seeds,
    tables=tables,
    figures=(draw_curves, draw),
    curves=("hard", "soft", "pointer", "lstm", "reinforce"),
)  # fmt: skip
