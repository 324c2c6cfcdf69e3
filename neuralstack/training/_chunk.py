"""A chunk of compiled steps of several runs, and what is due after it: evaluations, checkpoints, restarts, ends."""

import time
from dataclasses import replace

import jax.numpy as jnp

from neuralstack.training._build import build_task
from neuralstack.training._config import Config
from neuralstack.training._measure import Measure, measure_of, training_means
from neuralstack.training._members import Member, advance, stop_of, used_devices
from neuralstack.training._optimizer import gradient_variance
from neuralstack.training._outcome import Outcome, outcome_of
from neuralstack.training._progress import TrainingProgress
from neuralstack.training._resume import end_of, restart_if_due
from neuralstack.training._step import HEALTHY, StepSpec, TrainState, reset_means, to_evaluate
from neuralstack.training._stopping import Record, rank
from neuralstack.training.distributed import DeviceGroup


def measures_of(config: Config) -> dict[str, Measure]:
    """Return the metrics function of each set that is evaluated during training."""
    task = build_task(config)
    sets = {"validation": config.lengths} | ({"test": task.test_lengths} if config.log_test else {})
    tasks = {"validation": task, "test": task.to_test}
    return {name: measure_of(tasks[name], lengths) for name, lengths in sets.items()}


def train_chunk(
    members: list[Member],
    spec: StepSpec,
    measures: dict[str, Measure],
    progress: TrainingProgress,
    devices: DeviceGroup | None,
) -> list[TrainState]:
    """Train every active member for a chunk of steps, then do what is due; return the states in between."""
    started, active = time.perf_counter(), [member for member in members if member.ended is None]
    advance(members, spec, [stop_of(member) for member in members], devices)
    trained = [member.state for member in members]
    share = min(used_devices(len(members)), len(active)) / len(active)
    seconds = (time.perf_counter() - started) * share
    progress.advance()
    for member in active:
        member.seconds += seconds
        on_chunk_end(member, spec, measures, progress)
    return trained


def on_chunk_end(member: Member, spec, measures: dict[str, Measure], progress: TrainingProgress) -> None:
    """Do what is due for a member between two chunks of steps: evaluate, save a checkpoint, restart or end."""
    config, state, evaluation = member.config, member.state, None
    step = int(state.step)
    if int(state.failure) != HEALTHY:
        member.ended = "failed"
    elif step % config.evaluate_every == 0 or step == config.max_steps:
        progress.evaluating()
        evaluation = keep_evaluation(
            member, {name: measure(to_evaluate(state, spec)) for name, measure in measures.items()}
        )
        member.ended = end_of(config, member.records, state)
    progress.report(member, evaluation)
    if evaluation is not None:
        member.callbacks.evaluated(evaluation)
    restarted = restart_if_due(member)
    if restarted is not member:
        member.state = restarted.state
        progress.restart(member)


def keep_evaluation(member: Member, metrics: dict[str, dict[str, float]]) -> Record:
    """Save a member's evaluation, its weights unless earlier ones were better, and a checkpoint; return its record."""
    state, run = member.state, member.run
    variance = {"gradient_variance": gradient_variance(state.optimizer)}
    record = {**training_means(state), **variance, **metrics, "seconds": member.seconds}
    if not any(rank(other) > rank(record) for other in member.records):
        run.save_model(state.model)
    member.records.append(record)
    run.append_metrics(record)
    member.state = reset_means(state)
    run.save_checkpoint(member.state)
    return record


def finalize(member: Member) -> Outcome:
    """Save what is needed to resume a member, and return its outcome."""
    state = member.state
    healthy = replace(state, failure=jnp.full_like(state.failure, HEALTHY))
    member.run.save_checkpoint(healthy)
    if not member.records:
        member.run.save_model(state.model)
    return outcome_of(member.ended or "done", member.config, state, member.records, member.seconds)
