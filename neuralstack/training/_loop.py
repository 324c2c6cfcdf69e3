"""The run of a training: chunks of compiled steps; between them, progress, evaluations, checkpoints and restarts."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from neuralstack.evaluation import evaluate, evaluate_language, fixed_set
from neuralstack.machine import Machine
from neuralstack.tasks import AbstractTask, Characters
from neuralstack.training._build import complete
from neuralstack.training._config import Config
from neuralstack.training._interrupt import defer_keyboard_interrupt
from neuralstack.training._members import Member, advance, used_devices
from neuralstack.training._progress import TrainingProgress, show_progress
from neuralstack.training._run import Run
from neuralstack.training._step import HEALTHY, NOT_FINITE, StepSpec, TrainState, begin

Measure = Callable[[Machine], dict[str, float]]
"""From a machine to how well it does on one set."""

LOOKED_AT = 10_000  # characters of a text that is held out, at each evaluation
CHUNK = 10  # steps between two looks at the clock, the keyboard and the progress bar


class Outcome(NamedTuple):
    """How a training ended."""

    status: str
    """`perfect` (validation was, as often as asked for), `done` (all steps taken), `interrupted`, or `failed`."""
    message: str
    """What to tell the user."""
    steps: int
    """Batches trained on, in all attempts."""
    restarts: int
    """How often training started anew."""
    seconds: float
    """Time spent on training steps, in all attempts, without compilation and evaluations; a share of it, where several
    runs are trained together."""


def train(config: Config, path: str | Path, *, resume: bool = False, show: bool = True) -> Outcome:
    """Train a machine and keep it in a run's directory.

    Args:
        config: What to train, and how.
        path: The run's directory; it is made, and must not hold anything yet unless `resume`.
        resume: Continue the run that is there, as if it had never stopped: bit for bit the same on the same machine.
        show: Whether to show progress on the terminal.

    Raises:
        ValueError: If the configuration is impossible, the directory holds something, or what is to be resumed is
            broken or was another run.
    """
    (outcome,) = train_all([(config, path)], resume=resume, show=show)
    return outcome


def train_all(runs: Sequence[tuple[Config, str | Path]], *, resume: bool = False, show: bool = True) -> list[Outcome]:
    """Train several runs together, by the same compiled program; they may differ in seed and learning rate only.

    Each is as it would be alone, up to rounding, and ends on its own.

    Args:
        runs: The configuration and the directory of each.
        resume: Continue those that were begun, as `train` does.
        show: Whether to show progress on the terminal.

    Raises:
        ValueError: As `train`.
    """
    members = [open_run(complete(config), path, resume=resume) for config, path in runs]
    config, program = members[0].config, StepSpec.of(members[0].config)
    measures = {"validation": measure_of(program.task, config.lengths)}
    if config.watch_test:
        measures["test"] = measure_of(program.task, program.task.test_lengths)
    advance(members, program, [int(member.state.step) for member in members])  # no step: this compiles the program
    with defer_keyboard_interrupt() as interrupted, show_progress(members, enabled=show) as progress:
        while active := [member for member in members if not member.ended]:
            started = time.perf_counter()
            advance(members, program, [stop_of(member) for member in members])
            share = min(used_devices(len(members)), len(active)) / len(active)
            seconds = (time.perf_counter() - started) * share
            for member in active:
                member.seconds += seconds
                on_chunk_end(member, measures, progress)
            progress.advance()
            if interrupted():
                for member in members:
                    stop = f"stopped at step {int(member.state.step)}: continue with the same command and --resume"
                    member.ended = member.ended or ("interrupted", stop)
    return [finalize(member) for member in members]


def open_run(config: Config, path: str | Path, *, resume: bool) -> Member:
    """Begin a run, or take it up where it was left.

    Raises:
        ValueError: If it cannot be.
    """
    begun = resume and Path(path).exists() and not Run.is_empty(path)
    run = reopen(path, config) if begun else Run.create(path, config)
    state, records = run.load_checkpoint(), run.metrics()
    seconds = records[-1]["seconds"] if records else 0.0
    return Member(config, run, state, records, seconds, stop_reason(config, records, int(state.step)))


def stop_of(member: Member) -> int:
    """Return the step until which a member is trained next: one that has ended stays where it is."""
    return int(member.state.step) if member.ended else next_stop(member.config, member.state)


def on_chunk_end(member: Member, measures: dict[str, Measure], progress: TrainingProgress) -> None:
    """Do what a member needs between two chunks of steps: an evaluation, a checkpoint, a new start, or its end."""
    config, run, state = member.config, member.run, member.state
    step, failure = int(state.step), int(state.failure)
    if failure != HEALTHY:
        member.ended = "failed", explain(failure, step, run.path)
    elif step % config.evaluate_every == 0 or step == config.steps:
        record = {**assess(state, measures), "seconds": member.seconds}
        if not any(rank(other) > rank(record) for other in member.records):
            run.save_model(state.machine)
        member.records.append(record)
        run.append_metrics(record)
        member.state = replace(
            state, num_accumulated=state.num_accumulated * 0, loss=state.loss * 0, accuracy=state.accuracy * 0
        )
        run.save_checkpoint(member.state)
        member.ended = stop_reason(config, member.records, step)
    if not member.ended and should_restart(config, state):
        member.state = begin(config, int(state.attempt) + 1, step)
        progress.restart(member)


def finalize(member: Member) -> Outcome:
    """Leave a member's directory so that it can be resumed, and say how it ended."""
    state = member.state
    member.run.save_checkpoint(replace(state, failure=jnp.full_like(state.failure, HEALTHY)))
    if not member.records:
        member.run.save_model(state.machine)
    status, message = member.ended or ("", "")
    return Outcome(status, message, int(state.step), int(state.attempt), member.seconds)


def reopen(path: str | Path, config: Config) -> Run:
    """Open a run to continue it; only the number of steps and when to stop may differ from what it was.

    Raises:
        ValueError: If there is no run, or it was another one.
    """
    run = Run.open(path)
    before = run.config()
    for name, value in vars(config).items():
        if name not in {"steps", "patience", "finish"} and value != getattr(before, name):
            raise ValueError(
                f"the run in {str(path)!r} was begun with {name}={getattr(before, name)!r}, not {value!r}: "
                "resume it with the options it was begun with, or give another --out."
            )
    return run


def next_stop(config: Config, state: TrainState) -> int:
    """Return the step at which to look up next: after a chunk, or earlier to evaluate, restart or end."""
    step = int(state.step)
    stops = [step - step % every + every for every in (CHUNK, config.evaluate_every)]
    if config.restart_after and not state.warmed_up:
        stops.append(max(step + 1, int(state.attempt_start) + config.restart_after))
    return min(*stops, max(config.steps, step))


def should_restart(config: Config, state: TrainState) -> bool:
    """Say whether an attempt has stayed at its first lengths for as long as it may."""
    tried = int(state.step) - int(state.attempt_start)
    return bool(config.restart_after) and not bool(state.warmed_up) and tried >= config.restart_after


def assess(state: TrainState, measures: dict[str, Measure]) -> dict[str, Any]:
    """Return what the metrics say of a step: means over the batches since the last one, and each set's accuracies."""
    record: dict[str, Any] = {
        "step": int(state.step),
        "attempt": int(state.attempt),
        "warmed_up": bool(state.warmed_up),
        "loss": float(state.loss) / max(int(state.num_accumulated), 1),
        "accuracy": float(state.accuracy) / max(int(state.num_accumulated), 1),
        "gradient_variance": gradient_variance(state.optimizer),
    }
    return record | {name: measure(state.machine) for name, measure in measures.items()}


def gradient_variance(optimizer: Any) -> float:
    """Return the variance of the clipped gradient over the last hundreds of batches, summed over all weights.

    It follows from the moments that Adam keeps: the mean of the squares, less the square of the mean.
    """
    return float(_gradient_variance(optax.tree.get(optimizer, "ScaleByAdamState")))


@jax.jit
def _gradient_variance(adam):
    taken = jnp.maximum(adam.count, 1)
    mean, squares = (
        optax.tree.bias_correction(moment, decay, taken) for moment, decay in ((adam.mu, 0.9), (adam.nu, 0.999))
    )
    return jnp.maximum(optax.tree.sum(squares) - optax.tree.norm(mean, squared=True), 0.0)


def measure_of(task: AbstractTask, lengths: tuple[int, int]) -> Measure:
    """Return what measures a machine on sequences of such lengths, drawn once; or on a text that is held out."""
    if isinstance(task, Characters):
        return lambda machine: dict(zip(("loss", "bits"), evaluate_language(machine, task, LOOKED_AT), strict=False))
    data = fixed_set(task, lengths)

    def measure(machine):
        report = evaluate(machine, data)
        return {part: getattr(report, part) for part in ("coarse", "fine", "token", "loss")}

    return measure


def rank(record: dict[str, Any]) -> tuple[float, float]:
    """Return what decides which weights are kept: coarse accuracy on the validation set, then fine; of a text, loss."""
    found = record["validation"]
    return (found["coarse"], found["fine"]) if "coarse" in found else (-found["loss"], 0.0)


def stop_reason(config: Config, records: list[dict[str, Any]], step: int) -> tuple[str, str] | None:
    """Say whether training is over, and how."""
    perfect = perfect_at(config, records)
    if perfect is not None and step >= perfect + config.finish:
        finished = f", and {config.finish} batches more were taken" if config.finish else ""
        return "perfect", f"validation was perfect {config.patience} times in a row at step {perfect}{finished}"
    if step >= config.steps:
        return "done", f"all {config.steps} steps were taken"
    return None


def perfect_at(config: Config, records: list[dict[str, Any]]) -> int | None:
    """Return the first step at which enough evaluations of one attempt in a row had been perfect; None if none was."""
    for end in range(config.patience, len(records) + 1 if config.patience else 0):
        last = records[end - config.patience : end]
        if len({record["attempt"] for record in last}) == 1 and all(r["validation"].get("coarse") == 1 for r in last):
            return int(last[-1]["step"])
    return None


def explain(failure: int, step: int, path: Path) -> str:
    """Say why training cannot go on, and what to do."""
    if failure == NOT_FINITE:
        what = "the loss or its gradient is not a finite number: lower --learning-rate or --clip"
    else:
        what = "the gradient has vanished: try another --seed, or the connection 'layer'"
    return f"stopped at step {step}: {what}; the last good weights are kept in {str(path)!r}"
