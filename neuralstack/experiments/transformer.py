"""A Transformer with and without a memory layer, at two and four times the lengths of its training.

All have two blocks, and the memory layer between them. Counting languages can be solved by attention that sees all
steps alike, or by one stack used as a counter; brackets of two kinds and reversal need a stack.
"""

from typing import Any, NamedTuple

from neuralstack.evaluation import evaluate, fixed_set
from neuralstack.experiments._experiment import Experiment, Measured, Quick, Result, Variant
from neuralstack.experiments._figures import draw_lengths
from neuralstack.experiments._tables import LABEL, Column, number, variants_table
from neuralstack.reporting import Table
from neuralstack.training import Config, Run, build_task, configure

SOLVED = 0.99  # of the strings of a band of lengths answered without an error
BANDS = {"train": (0, 1), "test": (1, 2), "far": (2, 4)}
"""The bands of lengths to measure on, in longest training lengths: above the first, up to the second."""
LABELS = {"none": "Transformer", "stack": "with a stack", "queue": "with a queue"}


class Setting(NamedTuple):
    """A task, the lengths of its training, and the memories to compare."""

    task: str
    label: str
    max_length: int
    max_steps: int
    memories: tuple[str, ...] = ("none", "stack")

    def config(self, memory: str) -> Config:
        """Return the configuration of a Transformer with this memory."""
        return configure(
            self.task, controller="transformer", memory=memory, hidden_dim=32, memory_dim=32, min_length=1,
            max_length=self.max_length, max_steps=self.max_steps, evaluate_every=100, learning_rate=5e-3,
            learning_rate_half_life=600,
        )  # fmt: skip


SETTINGS = (
    Setting("anbn", "a^n b^n", 10, 1000),
    Setting("anb2n", "a^n b^2n", 10, 1000),
    Setting("anbmcnm", "a^n b^m c^(n+m)", 10, 1000),
    Setting("dyck-1", "brackets of one kind", 30, 2500),
    Setting("dyck-2", "brackets of two kinds", 30, 2500),
    Setting("reversal", "reversal", 20, 2500),
)
VARIANTS = tuple(
    Variant(f"{setting.task}/{memory}", LABELS[memory], setting.config(memory), seeds=5, group=setting.label)
    for setting in SETTINGS
    for memory in setting.memories
)


def measure(run: Run, config: Config) -> dict[str, Any]:
    """Return the accuracies in each band of lengths, and the share of whole answers by length."""
    machine, task, longest = run.load_model(), build_task(config), config.lengths[1]
    bands = {name: (low * longest + 1, high * longest) for name, (low, high) in BANDS.items()}
    reports = {name: evaluate(machine, fixed_set(task.to_test, lengths)) for name, lengths in bands.items()}
    by_length = {length: row["coarse"] for report in reports.values() for length, row in report.by_length.items()}
    measured = {name: {"coarse": report.coarse, "token": report.token} for name, report in reports.items()}
    return {**measured, "score": reports["train"].coarse, "by_length": by_length}


def summarize(runs: list[Measured]) -> dict[str, Any]:
    """Count the seeds that answer nearly every string of each band; choose the best one by the training lengths."""
    solved = {f"solved_{name}": sum(run[name]["coarse"] >= SOLVED for run in runs) for name in BANDS}
    seconds = sorted(run["seconds"] for run in runs)
    best = max(runs, key=lambda run: run["score"])
    kept = {name: best[name] for name in ("seed", *BANDS)}
    return {**solved, "best": kept, "median_seconds": seconds[len(seconds) // 2]}


def headline(run: Measured) -> str:
    """Return the share of whole answers of a seed in each band."""
    return ", ".join(f"{name} {run[name]['coarse']:.3f}" for name in BANDS)


HEADINGS = {"train": "trained\nlengths", "test": "up to\n2 times", "far": "up to\n4 times"}
TASK = Column("task", lambda variant: variant["group"])


def tables(result: Result) -> list[Table]:
    """Return the shares of whole answers of the best seeds, and the numbers of seeds that are right."""
    variants = result["variants"].values()
    shares = [
        Column(heading, lambda variant, name=name: f"{variant['best'][name]['coarse']:.3f}")
        for name, heading in HEADINGS.items()
    ]
    counts = [
        Column(heading, lambda variant, name=name: f"{variant[f'solved_{name}']} of {len(variant['runs'])}")
        for name, heading in HEADINGS.items()
    ]
    seconds = Column("median\nseconds", number("median_seconds", ".0f"))
    title = "Seeds that answer at least 99% of the strings without an error"
    return [
        variants_table("Whole answers of the best seed", variants, (TASK, LABEL, *shares), num_text_columns=2),
        variants_table(title, variants, (TASK, LABEL, *counts, seconds), num_text_columns=2),
    ]


EXPERIMENT = Experiment(
    "transformer",
    "A Transformer with and without a memory layer on longer strings",
    "after Delétang et al., 2023",
    variants=VARIANTS,
    quick=Quick(tuple(variant.shortened(max_steps=100) for variant in VARIANTS[:2])),
    measure=measure,
    headline=headline,
    summarize=summarize,
    tables=tables,
    figures=(draw_lengths,),
    parallel=True,
)
