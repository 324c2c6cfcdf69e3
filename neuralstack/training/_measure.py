"""The metrics of an evaluation during training."""

from collections.abc import Callable
from typing import Any

from neuralstack.corpora import evaluate_language
from neuralstack.evaluation import evaluate, fixed_set
from neuralstack.tasks import AbstractTask, Characters
from neuralstack.training._step import TrainState
from neuralstack.training._stopping import Record

Measure = Callable[[Any], dict[str, float]]
"""A function from a model to its metrics on one set."""

HELD_OUT_SYMBOLS = 10_000  # of a held-out text, in each evaluation


def measure_of(task: AbstractTask, lengths: tuple[int, int]) -> Measure:
    """Return a function that evaluates models on sequences of these lengths, or on a held-out text.

    Raises:
        ValueError: If there is no such sequence, or the text is too short.
    """
    if isinstance(task, Characters):
        task.check()
        return lambda model: dict(zip(("loss", "bits"), evaluate_language(model, task, HELD_OUT_SYMBOLS), strict=False))
    data = fixed_set(task, lengths)

    def measure(model):
        report = evaluate(model, data)
        return {score: getattr(report, score) for score in ("coarse", "fine", "token", "loss")}

    return measure


def training_means(state: TrainState) -> Record:
    """Return the step, and the means over the batches since the last evaluation."""
    count = max(int(state.num_accumulated), 1)
    means = {
        "step": int(state.step),
        "attempt": int(state.attempt),
        "warmed_up": bool(state.curriculum.warmed_up),
        "loss": float(state.loss) / count,
        "accuracy": float(state.accuracy) / count,
    }
    return means if state.quantization is None else means | {"quantization": int(state.quantization.level)}
