"""The outcome of training, and the meaning of its best validation result."""

from typing import NamedTuple

from neuralstack.training._advice import Advice, advise
from neuralstack.training._config import Config
from neuralstack.training._fit import explain
from neuralstack.training._step import TrainState
from neuralstack.training._stopping import Record, rank


class Outcome(NamedTuple):
    """The outcome of training."""

    status: str
    """`perfect` (enough perfect evaluations in a row), `done` (all steps taken), `interrupted`, or `failed`."""
    message: str
    """Why training ended, and the best validation result."""
    steps: int
    """Batches trained on, in all attempts."""
    restarts: int
    """Number of restarts."""
    seconds: float
    """Time spent on training steps in all attempts, without compilation and evaluations; the run's share of it if
    several runs are trained together."""
    learned: bool
    """Whether the best weights do much better on the validation set than guessing (see `advise`)."""
    advice: Advice | None = None
    """Advice, if training came to its end without having learned; `advice.text()` is a sentence."""


def outcome_of(status: str, config: Config, state: TrainState, records: list[Record], seconds: float) -> Outcome:
    """Return the outcome of training."""
    advice = advise(config, records) if records else None
    message = reason(status, config, state, records)
    ended = status in ("perfect", "done") and bool(records)
    if ended:
        message += f"; {best_result(records)}"
    learned = bool(records) and advice is None
    return Outcome(status, message, int(state.step), int(state.attempt), seconds, learned, advice if ended else None)


def reason(status: str, config: Config, state: TrainState, records: list[Record]) -> str:
    """Explain why training ended."""
    step, stopping = int(state.step), config.stopping
    if status == "perfect":
        extra = f", followed by {step - (stopping.perfect_at(records) or 0)} more steps"
        perfect = f"validation was perfect {stopping.stop_after_perfect} times in a row"
        return f"{perfect} at step {stopping.perfect_at(records)}{extra if stopping.extra_steps else ''}"
    if status == "failed":
        return f"stopped at step {step}: {explain(int(state.failure))}; the last good weights are kept"
    if status == "interrupted":
        return f"interrupted at step {step}; it can be resumed"
    return f"all {config.max_steps} steps were taken"


def best_result(records: list[Record]) -> str:
    """Return the best validation result.

    Examples:
        >>> best_result([{"step": 50, "validation": {"coarse": 0.06, "fine": 0.4, "loss": 2.0}}])
        'best validation at step 50: sequence accuracy 0.060'
    """
    best = max(records, key=rank)
    found = best["validation"]
    measured = f"sequence accuracy {found['coarse']:.3f}" if "coarse" in found else f"loss {found['loss']:.3f} nats"
    return f"best validation at step {best['step']}: {measured}"
