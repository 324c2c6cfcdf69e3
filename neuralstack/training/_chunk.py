"""A chunk of compiled steps of several runs, and what is due after it: evaluations, checkpoints, restarts, ends."""

import time
from collections.abc import Sequence
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

Metrics = dict[str, dict[str, float]]
"""The metrics of a model on each set that is evaluated, by the set's name."""


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
    active = take_steps(members, spec, devices)
    trained = [member.state for member in members]
    progress.advance()
    for member in active:
        on_chunk_end(member, measured(member, spec, measures, progress), progress)
    return trained


def take_steps(members: Sequence[Member], spec: StepSpec, devices: DeviceGroup | None = None) -> list[Member]:
    """Train every active member for a chunk of steps, and return these members."""
    started, active = time.perf_counter(), [member for member in members if member.ended is None]
    advance(members, spec, [stop_of(member) for member in members], devices)
    share = min(used_devices(len(members)), len(active)) / len(active)
    for member in active:
        member.seconds += (time.perf_counter() - started) * share
    return active


def measured(
    member: Member, spec: StepSpec, measures: dict[str, Measure], progress: TrainingProgress
) -> Metrics | None:
    """Return the metrics of a member after a chunk of steps if an evaluation is due, else None."""
    config, state, step = member.config, member.state, int(member.state.step)
    if int(state.failure) != HEALTHY or (step % config.evaluate_every and step != config.max_steps):
        return None
    progress.evaluating()
    return {name: measure(to_evaluate(state, spec)) for name, measure in measures.items()}


def on_chunk_end(member: Member, metrics: Metrics | None, progress: TrainingProgress) -> None:
    """Do what is due for a member between two chunks of steps: save an evaluation and a checkpoint, restart or end.

    Args:
        member: The member.
        metrics: Its metrics if it was evaluated, else None.
        progress: What shows the progress.
    """
    evaluation = None if metrics is None else keep_evaluation(member, metrics)
    if int(member.state.failure) != HEALTHY:
        member.ended = "failed"
    elif evaluation is not None:
        member.ended = end_of(member.config, member.records, member.state)
    progress.report(member, evaluation)
    if evaluation is not None:
        member.callbacks.evaluated(evaluation)
    restarted = restart_if_due(member)
    if restarted is not member:
        member.state = restarted.state
        progress.restart(member)


def keep_evaluation(member: Member, metrics: Metrics) -> Record:
    """Keep a member's evaluation, its weights unless earlier ones were better, and a checkpoint; return its record."""
    state, run = member.state, member.run
    variance = {"gradient_variance": gradient_variance(state.optimizer)}
    record = {**training_means(state), **variance, **metrics, "seconds": member.seconds}
    is_best = not any(rank(other) > rank(record) for other in member.records)
    member.records.append(record)
    member.state = reset_means(state)
    if member.written:
        if is_best:
            run.save_model(state.model)
        run.append_metrics(record)
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
