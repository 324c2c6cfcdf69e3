"""Five transductions by plain networks and by networks with a stack, a queue or a DeQue: a table of 35 cells.

Machines are trained on lengths 8 to 64 and tested on 65 to 128, with fixed sets of 1000 sequences. Ours have a memory
width of 64 instead of the published 256, and a hidden width of 64 or 128 instead of 256 or 512. The networks without a
memory are trained on batches of 10, as published, since those of many layers take most of the time.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from neuralstack.experiments._experiment import Experiment, Measured, Quick, Result, Variant
from neuralstack.experiments._figures import by_group, draw_cells
from neuralstack.experiments._measures import accuracies, describe_test, solved_seeds
from neuralstack.experiments._tables import LABEL, Column, variants_table
from neuralstack.reporting import Table
from neuralstack.training import configure, with_options

if TYPE_CHECKING:
    from neuralstack.reporting import Figure

COPY, REVERSAL, FLIP, SVO, GENDER = "copy", "reversal", "bigram flip", "SVO to SOV", "gender"
MEMORIES = {"stack": "stack", "queue": "queue", "DeQue": "deque"}
NETWORKS = {"LSTM": 1, "LSTM, 2 layers": 2, "LSTM, 4 layers": 4, "LSTM, 8 layers": 8}
CONFIGS = {
    COPY: configure("copy", max_steps=1000, restart_after=400),
    REVERSAL: configure("reversal", max_steps=1000, restart_after=400),
    FLIP: configure(
        "bigram-flip", connection="skip", hidden_dim=128, curriculum="linear", linear_steps=1000, min_length=2,
        max_steps=1500
    ),
    SVO: configure(
        "svo-sov", controller="lstm", connection="skip", hidden_dim=128, curriculum="linear",
        learning_rate_half_life=500, input_noise=1.0,
        input_noise_start=500, stop_after_perfect=0, max_steps=1500,
    ),
    GENDER: configure("gender", max_steps=1000, restart_after=0),
}  # fmt: skip
"""The configuration of machines with a memory, for each task."""
PUBLISHED = {
    COPY: (
        (0.62, 0.87, 0.00, 0.38), (0.80, 0.95, 0.00, 0.47), (0.98, 0.98, 0.01, 0.50), (0.57, 0.83, 0.00, 0.31),
        (0.89, 0.94, 0.00, 0.22), (1, 1, 1, 1), (1, 1, 1, 1),
    ),
    REVERSAL: (
        (0.78, 0.87, 0.01, 0.09), (0.91, 0.94, 0.02, 0.06), (0.93, 0.96, 0.03, 0.15), (0.95, 0.98, 0.04, 0.13),
        (1, 1, 1, 1), (0.44, 0.61, 0.00, 0.07), (1, 1, 1, 1),
    ),
    FLIP: (
        (0.53, 0.93, 0.01, 0.53), (0.54, 0.93, 0.02, 0.52), (0.52, 0.93, 0.01, 0.56), (0.52, 0.93, 0.01, 0.53),
        (0.44, 0.90, 0.00, 0.48), (0.55, 0.94, 0.55, 0.98), (0.55, 0.94, 0.53, 0.98),
    ),
    SVO: (
        (0.96, 0.98, 0.96, 0.99), (0.97, 0.99, 0.96, 0.99), (0.97, 0.99, 0.97, 0.99), (0.98, 0.99, 0.98, 0.99),
        (1, 1, 1, 1), (1, 1, 1, 1), (1, 1, 1, 1),
    ),
    GENDER: (
        (0.97, 0.99, 0.97, 0.99), (0.98, 0.99, 0.98, 0.99), (0.98, 0.99, 0.98, 0.99), (0.98, 0.99, 0.99, 0.99),
        (0.93, 0.97, 0.93, 0.97), (1, 1, 1, 1), (1, 1, 1, 1),
    ),
}  # fmt: skip
"""Train coarse, train fine, test coarse and test fine accuracy of each machine in the order of `MACHINES`, for each
task."""
MACHINES = (*NETWORKS, *MEMORIES)

# Machines with a memory come first: the table is about them, and the plain networks take most of the time.
VARIANTS = {
    (task, label): Variant(
        f"{config.task}/{memory}", label, with_options(config, memory=memory), group=task, log_test=True
    )
    for task, config in CONFIGS.items()
    for label, memory in MEMORIES.items()
} | {
    (task, label): Variant(
        f"{config.task}/lstm-{layers}", label,
        configure(config.task, memory="none", controller="lstm", num_layers=layers, batch_size=10, max_steps=300),
        group=task, log_test=True,
    )
    for task, config in CONFIGS.items()
    for label, layers in NETWORKS.items()
}  # fmt: skip


def published(cell: Measured) -> tuple[float, ...]:
    """Return the published accuracies of a cell."""
    return tuple(map(float, PUBLISHED[cell["group"]][MACHINES.index(cell["label"])]))


COLUMNS = (
    LABEL,
    Column("train", lambda cell: "{coarse:.2f}/{fine:.2f}".format(**cell["best"]["train"])),
    Column("test", lambda cell: "{coarse:.2f}/{fine:.2f}".format(**cell["best"]["test"])),
    Column("published\ntrain", lambda cell: "{:.2f}/{:.2f}".format(*published(cell)[:2])),
    Column("published\ntest", lambda cell: "{:.2f}/{:.2f}".format(*published(cell)[2:])),
    Column("seeds\nsolved", lambda cell: f"{cell['solved']} of {cell['seeds']}"),
)


def tables(result: Result) -> list[Table]:
    """Return one table for each task."""
    return [
        variants_table(
            f"{task}: coarse/fine accuracy of the best seed by training lengths",
            [cells[machine] for machine in MACHINES if machine in cells],
            COLUMNS,
        )
        for task, cells in by_group(result).items()
    ]


def draw(result: Result, path: Path | None = None) -> "Figure":
    """Draw the coarse test accuracies beside the published ones."""
    groups = {
        task: {machine: cells[machine] for machine in MACHINES if machine in cells}
        for task, cells in by_group(result).items()
    }
    return draw_cells(
        {
            task: {machine: [run["test"]["coarse"] for run in cell["runs"]] for machine, cell in cells.items()}
            for task, cells in groups.items()
        },
        path and path / "transductions",
        "test coarse accuracy",
        {
            task: {machine: cell["best"]["test"]["coarse"] for machine, cell in cells.items()}
            for task, cells in groups.items()
        },
        {task: dict(zip(MACHINES, (cell[2] for cell in cells), strict=True)) for task, cells in PUBLISHED.items()},
    )


EXPERIMENT = Experiment(
    "transductions",
    "Five transductions by LSTMs, and with a stack, a queue or a DeQue",
    "Grefenstette et al., 2015, Table 3",
    variants=tuple(VARIANTS.values()),
    quick=Quick((
        VARIANTS[COPY, "queue"].shortened(max_steps=300), VARIANTS[REVERSAL, "stack"].shortened(max_steps=300),
        VARIANTS[COPY, "LSTM"].shortened(max_steps=100), VARIANTS[REVERSAL, "LSTM"].shortened(max_steps=100),
    )),
    measure=accuracies,
    headline=describe_test,
    summarize=solved_seeds,
    tables=tables,
    figures=(draw,),
)  # fmt: skip
