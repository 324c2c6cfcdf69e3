"""The outcome of training, and the meaning of its best validation result."""

from typing import NamedTuple

from neuralstack.training._config import Config
from neuralstack.training._fit import explain
from neuralstack.training._step import TrainState
from neuralstack.training._stopping import LEARNED, Record, rank


class Outcome(NamedTuple):
    """The outcome of training."""

    status: str
    """`perfect` (enough perfect evaluations in a row), `done` (all steps taken), `interrupted`, or `failed`."""
    message: str
    """Why training ended, the best validation result, what it means and what to try."""
    steps: int
    """Batches trained on, in all attempts."""
    restarts: int
    """Number of restarts."""
    seconds: float
    """Time spent on training steps in all attempts, without compilation and evaluations; the run's share of it if
    several runs are trained together."""
    learned: bool
    """Whether the best weights answered at least half of the validation sequences; for a text, whether there are
    any."""


def outcome_of(status: str, config: Config, state: TrainState, records: list[Record], seconds: float) -> Outcome:
    """Return the outcome of training."""
    best = max(records, key=rank, default=None)
    learned = best is not None and best["validation"].get("coarse", 1.0) >= LEARNED
    message = reason(status, config, state, records)
    if status in ("perfect", "done") and best is not None:
        message += f"; {judge(config, best, restarts=int(state.attempt))}"
    return Outcome(status, message, int(state.step), int(state.attempt), seconds, learned)


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


def judge(config: Config, best: Record, *, restarts: int) -> str:
    """Return the best validation result, what it means, and what to try.

    Examples:
        >>> record = {"step": 50, "validation": {"coarse": 0.06, "fine": 0.4, "loss": 2.0}}
        >>> judge(Config("reversal"), record, restarts=3).partition("; ")[2]
        'did not learn: try more steps, no restarts, another seed'
    """
    validation = best["validation"]
    if "coarse" not in validation:
        return f"best validation at step {best['step']}: loss {validation['loss']:.3f} nats"
    result = f"best validation at step {best['step']}: sequence accuracy {validation['coarse']:.3f}"
    if validation["coarse"] >= LEARNED:
        return result
    tries = ["more steps"]
    if restarts:
        tries.append("no restarts")
    if config.machine.connection == "layer" and config.machine.memory != "none":
        tries.append("the connection feedback")
    return f"{result}; did not learn: try {', '.join([*tries, 'another seed'])}"
