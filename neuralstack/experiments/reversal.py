"""String reversal with and without a neural stack: accuracies, learning curves and consistency over seeds.

The protocol is that of Flamant (2019): 128 symbols, batches of 50, hidden width 64, memory width 64, training and
validation lengths 8-64, test lengths 65-128, fixed sets of 1000 sequences.
"""

from typing import NamedTuple

from neuralstack.experiments._experiment import Experiment, Quick, Result, Variant
from neuralstack.experiments._figures import draw_curves, draw_seeds
from neuralstack.experiments._measures import accuracies, describe_test, solved_seeds
from neuralstack.experiments._tables import INTERVAL, LABEL, SOLVED, THIS_RUN, Column, best, number, variants_table
from neuralstack.reporting import Table
from neuralstack.training import Config, configure

STACK = Variant("stack", "GRU + stack", Config("reversal"), seeds=100, log_test=True)
STACK_LSTM = Variant("stack-lstm", "LSTM + stack", configure("reversal", controller="lstm"), seeds=10, log_test=True)
FEEDBACK = Variant(
    "stack-feedback", "GRU + stack, feedback", configure("reversal", connection="feedback"), seeds=10, log_test=True
)
PAPER = Variant(
    "stack-paper", "LSTM + stack, paper", configure("reversal", controller="lstm", connection="paper", max_steps=500),
    seeds=10, log_test=True,
)  # fmt: skip
RNN = Variant(
    "rnn", "RNN", configure("reversal", memory="none", controller="elman", max_steps=1000), seeds=10, log_test=True
)
LSTM = Variant(
    "lstm", "LSTM", configure("reversal", memory="none", controller="lstm", max_steps=1000), seeds=10, log_test=True
)
LSTM_2 = Variant(
    "lstm-2", "LSTM, 2 layers", configure("reversal", memory="none", controller="lstm", num_layers=2, max_steps=1000),
    seeds=3, log_test=True,
)  # fmt: skip

GREFENSTETTE = "Grefenstette (2015)"  # et al., Table 3
FLAMANT = "Flamant (2019)"


class Published(NamedTuple):
    """The published accuracies of one machine, with None where nothing was published."""

    machine: str
    source: str
    train_coarse: float
    train_fine: float | None
    test_coarse: float
    test_fine: float | None
    test_token: float | None = None

    def row(self) -> tuple[str, ...]:
        """Return the accuracies as the row of a table."""
        return *self[:2], *("" if value is None else f"{value:.3f}" for value in self[2:])


PUBLISHED = (
    Published("LSTM", GREFENSTETTE, 0.78, 0.87, 0.01, 0.09),
    Published("LSTM, 2 layers", GREFENSTETTE, 0.91, 0.94, 0.02, 0.06),
    Published("LSTM + stack", GREFENSTETTE, 1.0, 1.0, 1.0, 1.0),
    # Flamant's text calls the last number fine accuracy; his code counts every right position: token accuracy.
    Published("RNN", FLAMANT, 0.741, None, 0.0, None, 0.383),
    Published("LSTM", FLAMANT, 0.505, None, 0.0, None, 0.236),
    Published("LSTM + stack", FLAMANT, 1.0, None, 1.0, None),
)
PUBLISHED_SOLVED = ("LSTM + stack", FLAMANT, "3 of 6", "", "")


def tables(result: Result) -> list[Table]:
    """Return accuracies, consistency over seeds, and effort."""
    variants = result["variants"].values()
    return [
        variants_table(
            "Accuracy of the seed that is best on the fixed set of train lengths", variants,
            (
                LABEL, THIS_RUN, Column("8-64\ncoarse", best("train", "coarse")), Column("fine", best("train", "fine")),
                Column("65-128\ncoarse", best("test", "coarse")), Column("fine", best("test", "fine")),
                Column("token", best("test", "token")),
            ),
            [published.row() for published in PUBLISHED], num_text_columns=2,
        ),
        variants_table(
            "Seeds that answer all 1000 test sequences without an error", variants,
            (LABEL, THIS_RUN, SOLVED, INTERVAL, Column("restarted", number("restarted", "d"))),
            [PUBLISHED_SOLVED], num_text_columns=2,
        ),
        variants_table(
            "Effort for a seed", variants,
            (
                LABEL,
                Column("median\nbatches", number("median_steps", "d")), Column("most", number("most_steps", "d")),
                Column("median\nseconds", number("median_seconds", ".1f")),
                Column("most", number("most_seconds", ".1f")),
            ),
        ),
    ]  # fmt: skip


EXPERIMENT = Experiment(
    "reversal",
    "String reversal with and without a neural stack",
    "Grefenstette et al., 2015; Flamant, 2019",
    variants=(STACK, STACK_LSTM, FEEDBACK, PAPER, RNN, LSTM, LSTM_2),
    quick=Quick((STACK.shortened(seeds=2), RNN.shortened(max_steps=100), LSTM.shortened(max_steps=100))),
    measure=accuracies,
    headline=describe_test,
    summarize=solved_seeds,
    tables=tables,
    figures=(draw_curves, draw_seeds),
    curves=("stack", "lstm", "rnn"),
)
