"""Counting languages: the fraction of strings continued without an error, beyond the counts of training.

Machines are trained on n below 20 and tested on n up to 60; each string is predicted from its first determined letter
to the letter after its last. The published machine is a recurrent network of 40 units with 10 superposition stacks;
ours is a controller without a state, or with a small one, and up to 10 neural stacks, which must do the counting.
Strengths are binarized once the strings are learned.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuralstack.discretization import harden
from neuralstack.evaluation import Examples, evaluate, format_pairs
from neuralstack.experiments._experiment import Experiment, Measured, Quick, Result, Variant
from neuralstack.experiments._figures import by_group, draw_cells, draw_curves
from neuralstack.reporting import Table
from neuralstack.tasks import TASKS, Counting
from neuralstack.training import Config, Run, configure

if TYPE_CHECKING:
    from neuralstack.reporting import Figure

LANGUAGES = {
    "anbn": "a^n b^n",
    "anbncn": "a^n b^n c^n",
    "anbncndn": "a^n b^n c^n d^n",
    "anb2n": "a^n b^2n",
    "anbmcnm": "a^n b^m c^(n+m)",
}
PUBLISHED = {
    "RNN": (25.0, 23.3, 13.3, 23.3, 33.3),
    "LSTM": (100.0, 100.0, 68.3, 75.0, 100.0),
    "stack RNN": (100.0, 100.0, 100.0, 100.0, 43.3),
    "stack RNN, rounded": (100.0, 100.0, 100.0, 100.0, 100.0),
}
"""Percent of the strings for each machine, in the order of `LANGUAGES`."""
FURTHEST = 60


def network(language: str, controller: str) -> Config:
    """Return the configuration of a network of 40 units without a memory."""
    return configure(
        language, memory="none", controller=controller, hidden_dim=40, memory_dim=40, curriculum="linear",
        linear_steps=1500,
        max_steps=3000, evaluate_every=250, stop_after_perfect=0,
    )  # fmt: skip


def stack(language: str, stacks: int, hidden: int, width: int, longest: int = 19, grow_over: int = 1500) -> Config:
    """Return the configuration of a machine with neural stacks: binarized after the lengths have grown."""
    controller = "elman" if language == "anb2n" else "feedforward"
    return configure(
        language, memory="+".join(["stack"] * stacks), controller=controller, connection="layer", hidden_dim=hidden,
        memory_dim=width, max_length=longest, curriculum="linear", linear_steps=grow_over, binarization=0.5,
        binarization_start=grow_over,
        max_steps=2 * grow_over, evaluate_every=250, stop_after_perfect=0,
    )  # fmt: skip


STACKS = {
    "anbn": stack("anbn", stacks=1, hidden=8, width=8),
    "anbncn": stack("anbncn", stacks=10, hidden=40, width=4),
    "anbncndn": stack("anbncndn", stacks=10, hidden=40, width=4),
    "anb2n": stack("anb2n", stacks=4, hidden=16, width=4, longest=10, grow_over=600),
    "anbmcnm": stack("anbmcnm", stacks=4, hidden=16, width=8),
}
VARIANTS = tuple(
    variant
    for language in LANGUAGES
    for variant in (
        Variant(f"{language}/rnn", "RNN", network(language, "elman"), seeds=2, group=language),
        Variant(f"{language}/lstm", "LSTM", network(language, "lstm"), seeds=2, group=language),
        Variant(f"{language}/stack", "stack", STACKS[language], seeds=4, group=language),
    )
)


def measure(run: Run, config: Config) -> dict[str, Any]:
    """Return the percentages of correct strings, soft and hard, and the metrics on the training counts."""
    machine, data = run.load_model(), strings(config.task)
    soft, hard = (100 * evaluate(version, data).coarse for version in (machine, harden(machine)))
    validation = min(run.metrics(), key=lambda record: record["validation"]["loss"])["validation"]
    return {"soft": soft, "hard": hard, "validation": validation}


def strings(language: str) -> Examples:
    """Return every string of a language with n up to the furthest; if there is an m, one for each n."""
    task = TASKS[language](max_length=FURTHEST, strings=1)
    assert isinstance(task, Counting)
    sources = [task.single(n, 1 + 7 * n % FURTHEST) for n in range(1, FURTHEST + 1)]
    return format_pairs(task, [(source, task.answer(source)) for source in sources])


def headline(run: Measured) -> str:
    """Return the percentages of a seed."""
    return f"{run['soft']:.1f}% correct, {run['hard']:.1f}% rounded"


def of_best(version: str) -> Callable[[Measured], str]:
    """Return a cell that shows the percentage of the seed that is best on the training counts."""
    return lambda variant: f"{min(variant['runs'], key=lambda run: run['validation']['loss'])[version]:.1f}"


def at_100(version: str) -> Callable[[Measured], str]:
    """Return a cell that counts the seeds without an error."""
    return lambda variant: f"{sum(run[version] == 100 for run in variant['runs'])} of {len(variant['runs'])}"


def tables(result: Result) -> list[Table]:
    """Return the table of all languages, with a column for each and the published rows below ours."""
    groups = by_group(result)
    columns = [list(LANGUAGES).index(language) for language in groups]

    def ours(name: str, machine: str, cell: Callable[[Measured], str]) -> tuple[str, ...]:
        return name, *(cell(group[machine]) for group in groups.values())

    def published(machine: str) -> tuple[str, ...]:
        return f"{machine}, published", *(f"{PUBLISHED[machine][column]:.1f}" for column in columns)

    rows = [
        ours("RNN", "RNN", of_best("soft")),
        published("RNN"),
        ours("LSTM", "LSTM", of_best("soft")),
        published("LSTM"),
        ours("stack", "stack", of_best("soft")),
        published("stack RNN"),
        ours("stack, rounded", "stack", of_best("hard")),
        published("stack RNN, rounded"),
        ours("stack: seeds at 100", "stack", at_100("soft")),
        ours("rounded: seeds at 100", "stack", at_100("hard")),
    ]
    headings = [LANGUAGES[language].replace(" c", "\nc") for language in groups]
    title = "Percent of the strings with n up to 60 that are continued without an error"
    return [Table(title, ("machine", *headings), rows)]


def draw(result: Result, path: Path | None = None) -> "Figure":
    """Draw the shares of every seed beside the published ones, into `counting`."""
    seeds, published = {}, {}
    for language, cells in by_group(result).items():
        title = LANGUAGES[language]
        seeds[title] = {label: [run["soft"] / 100 for run in cell["runs"]] for label, cell in cells.items()}
        if "stack" in cells:
            seeds[title]["stack, rounded"] = [run["hard"] / 100 for run in cells["stack"]["runs"]]
        column = list(LANGUAGES).index(language)
        published[title] = {
            label.replace("stack RNN", "stack"): shares[column] / 100 for label, shares in PUBLISHED.items()
        }
    return draw_cells(seeds, path and path / "counting", "share of the strings", published=published)


EXPERIMENT = Experiment(
    "counting",
    "Counting languages by networks and by stacks, soft and rounded",
    "Joulin & Mikolov, 2015, Table 1",
    variants=VARIANTS,
    quick=Quick((VARIANTS[0].shortened(max_steps=500), VARIANTS[1].shortened(max_steps=500), VARIANTS[2].shortened())),
    measure=measure,
    headline=headline,
    tables=tables,
    figures=(draw_curves, draw),
    curves=("anbn/rnn", "anbn/lstm", "anbn/stack"),
)
