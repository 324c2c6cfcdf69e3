"""Character language models of one text: a recurrent network, an LSTM, and an LSTM with a stack.

The protocol is that of a public exercise, whose Elman network of 256 units, trained on chunks of 64 characters with its
state carried over, reached 1.9 nats per character of its training text. Here, the text is the help on the Python
language that comes with Python, and the loss is measured on its last tenth, which is held out.
"""

from typing import Any

from neuralstack.corpora import evaluate_language, sample_text
from neuralstack.experiments._experiment import Experiment, Measured, Quick, Result, Variant
from neuralstack.experiments._figures import draw_curves
from neuralstack.experiments._tables import LABEL, Column, variants_table
from neuralstack.reporting import Table
from neuralstack.tasks import Characters
from neuralstack.training import Config, Run, build_task, configure, with_options

BASE = configure(
    "characters", hidden_dim=256, batch_size=32, max_steps=3000, evaluate_every=100, learning_rate_half_life=800
)
ELMAN = Variant("elman", "Elman", with_options(BASE, memory="none", controller="elman"))
LSTM = Variant("lstm", "LSTM", with_options(BASE, memory="none", controller="lstm"))
STACK = Variant("lstm-stack", "LSTM + stack", with_options(BASE, controller="lstm"))
PUBLISHED_NATS = 1.9  # per character of the training text
PROMPT, TEMPERATURES, LENGTH = "The value of ", (0.1, 0.5, 1.0), 200


def measure(run: Run, config: Config) -> dict[str, Any]:
    """Return the held-out loss, the first step and time at which validation reached the published loss, and samples."""
    machine, task, records = run.load_model(), build_task(config), run.metrics()
    assert isinstance(task, Characters)
    reached = next((record for record in records if record["validation"]["loss"] <= PUBLISHED_NATS), None)
    return {
        "validation": min(record["validation"]["loss"] for record in records),
        "wanted_after": reached and {"steps": reached["step"], "seconds": reached["seconds"]},
        **evaluate_language(machine, task)._asdict(),
        "samples": {
            str(temperature): PROMPT + sample_text(machine, task, PROMPT, LENGTH, temperature)
            for temperature in TEMPERATURES
        },
    }


def headline(run: Measured) -> str:
    """Return the held-out loss of a seed."""
    return f"{run['bits']:.3f} bits per character"


def median_seed(variant: Measured) -> Measured:
    """Return the seed with the median loss."""
    runs = sorted(variant["runs"], key=lambda run: run["bits"])
    return runs[len(runs) // 2]


def slowest(variant: Measured) -> str:
    """Return the longest time that a seed took to reach the published loss."""
    seconds = [run["wanted_after"]["seconds"] for run in variant["runs"] if run["wanted_after"]]
    return f"{max(seconds):.0f}" if seconds else "never"


COLUMNS = (
    LABEL,
    Column("seeds", lambda variant: str(len(variant["runs"]))),
    Column("best\nbits", lambda variant: f"{min(run['bits'] for run in variant['runs']):.3f}"),
    Column("median\nbits", lambda variant: f"{median_seed(variant)['bits']:.3f}"),
    Column("nats", lambda variant: f"{median_seed(variant)['loss']:.3f}"),
    Column("seconds of\ntraining", lambda variant: f"{median_seed(variant)['seconds']:.0f}"),
    Column(f"slowest to\n{PUBLISHED_NATS} nats", slowest),
)


def tables(result: Result) -> list[Table]:
    """Return the held-out losses, and samples of the best seed of each machine."""
    variants = list(result["variants"].values())
    best = [(variant["label"], min(variant["runs"], key=lambda run: run["validation"])) for variant in variants]
    samples = [(label, temperature, repr(text)) for label, run in best for temperature, text in run["samples"].items()]
    return [
        variants_table("Held-out text: bits and nats per character", variants, COLUMNS),
        Table("Samples of the best seed", ("machine", "temperature", "text"), samples, num_text_columns=3),
    ]


EXPERIMENT = Experiment(
    "characters",
    "Character language models: an Elman network, an LSTM, and an LSTM with a stack",
    "a public JAX exercise",
    variants=(ELMAN, LSTM, STACK),
    quick=Quick(tuple(variant.shortened(max_steps=250, evaluate_every=50) for variant in (ELMAN, LSTM, STACK))),
    measure=measure,
    headline=headline,
    tables=tables,
    figures=(draw_curves,),
    curves=("elman", "lstm", "lstm-stack"),
)
