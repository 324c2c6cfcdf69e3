"""Resumable training of a run: chunks of compiled steps, with progress, evaluations and checkpoints in between."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

import jax.numpy as jnp

from neuralstack._arguments import require_object
from neuralstack._files import locked
from neuralstack.training._build import build_task, step_spec
from neuralstack.training._callbacks import Callbacks
from neuralstack.training._complete import complete
from neuralstack.training._config import Config
from neuralstack.training._interrupt import defer_keyboard_interrupt
from neuralstack.training._measure import Measure, measure_of, training_means
from neuralstack.training._members import Member, advance, stop_of, used_devices
from neuralstack.training._optimizer import gradient_variance
from neuralstack.training._options import with_options
from neuralstack.training._outcome import Outcome, outcome_of
from neuralstack.training._own_parts import OwnParts
from neuralstack.training._progress import Report, TrainingProgress, show_progress
from neuralstack.training._refused import removed_if_refused
from neuralstack.training._resume import end_of, open_run, restart_if_due
from neuralstack.training._run_directory import Run
from neuralstack.training._step import HEALTHY, reset_means, to_evaluate
from neuralstack.training._stopping import Record, rank
from neuralstack.training._text_record import pinned_task, require_same_text


def train(
    config: Config,
    path: str | Path,
    *,
    resume: bool = False,
    warm_start: str | Path | None = None,
    show: bool = True,
    progress: Callable[[Record], None] | None = None,
    stop: Callable[[], bool] | None = None,
    callbacks: Sequence[Any] = (),
) -> Outcome:
    """Train a machine and keep it in a run's directory.

    Args:
        config: What to train, and how.
        path: The run's directory, which is created; unless `resume`, it must be empty if it exists.
        resume: Continue the run in the directory as if it had never stopped: bit for bit the same on the same computer.
        warm_start: Directory of a run from whose weights training starts.
        show: Whether to show progress on the terminal or in a notebook.
        progress: Called with the record of each evaluation and, every few batches in between, with the step, the
            attempt, and the means of loss and accuracy since the last evaluation.
        stop: Asked every few batches; once it returns True, training is interrupted as by Ctrl-C, and can be resumed.
        callbacks: Objects that follow the training, such as `ns.TensorBoard("curves")`: see `Callback`. In a resumed
            run they get the new evaluations.

    Raises:
        ValueError: If the configuration is invalid, the directory is not empty, or the run to resume is broken or has
            another configuration.
    """
    report = None if progress is None else lambda _, record: progress(record)
    (outcome,) = train_all(
        [(config, path)],
        resume=resume,
        warm_start=warm_start,
        show=show,
        progress=report,
        stop=stop,
        callbacks=[callbacks],
    )
    return outcome


def resume(
    path: str | Path,
    *,
    max_steps: int | None = None,
    stop_after_perfect: int | None = None,
    extra_steps: int | None = None,
    text: str | None = None,
    show: bool = True,
    progress: Callable[[Record], None] | None = None,
    callbacks: Sequence[Any] = (),
    **own: Unpack[OwnParts],
) -> Outcome:
    """Continue the run in a directory as if it had never stopped: bit for bit the same on the same computer.

    Args:
        path: The run's directory.
        max_steps: Maximum number of batches to train on. Defaults, like the next three, to that of the run.
        stop_after_perfect: Number of perfect evaluations in a row after which to stop.
        extra_steps: Number of batches to train on after those.
        text: The path of the run's text, if it has moved.
        show: Whether to show progress on the terminal or in a notebook.
        progress: Called as in `train`.
        callbacks: As in `train`.
        own: The names of the run's `task`, `memory` and `controller`, if they are not the library's; their code is
            executed.

    Raises:
        ValueError: If there is no run, or one of its files is broken.
    """
    options = {"max_steps": max_steps, "stop_after_perfect": stop_after_perfect, "extra_steps": extra_steps}
    given = {name: value for name, value in {**options, "text": text}.items() if value is not None}
    config = with_options(Run.open(path).config(**own), **given)
    return train(config, path, resume=True, show=show, progress=progress, callbacks=callbacks)


def train_all(
    runs: Sequence[tuple[Config, str | Path]],
    *,
    resume: bool = False,
    warm_start: str | Path | None = None,
    show: bool = True,
    on_open: Callable[[], None] | None = None,
    progress: Report | None = None,
    stop: Callable[[], bool] | None = None,
    callbacks: Sequence[Any] | None = None,
) -> list[Outcome]:
    """Train several runs together with one compiled program; they may differ only in seed and learning rate.

    Each gives the same result as it would alone, up to rounding, and ends on its own. Nothing is written before all
    configurations have been checked.

    Args:
        runs: The configuration and the directory of each.
        resume: Continue the runs that exist, as `train` does.
        warm_start: Directory of a run from whose weights training starts.
        show: Whether to show progress on the terminal or in a notebook.
        on_open: Called once all runs have been opened.
        progress: Called as in `train`, with the directory of a run and its record.
        stop: Asked as in `train`.
        callbacks: The callbacks of each run.

    Raises:
        ValueError: As for `train`.
    """
    for config, _ in runs:
        require_object("config", config, Config, 'ns.Config("reversal")')
    followed = [Callbacks(of_run) for of_run in callbacks or [()] * len(runs)]
    configs = [complete(config) for config, _ in runs]
    if resume:
        for config, (_, path) in zip(configs, runs, strict=True):
            require_same_text(path, build_task(config))
    spec, measures = step_spec(configs[0]), measures_of(configs[0])
    spec = spec._replace(task=pinned_task(spec.task))
    with ExitStack() as stack:
        with removed_if_refused([path for _, path in runs]):
            members = []
            for config, (_, path) in zip(configs, runs, strict=True):
                is_there = resume and Path(path).is_dir()
                if is_there:
                    stack.enter_context(locked(Path(path)))
                members.append(open_run(config, path, resume=resume, warm_start=warm_start))
                if not is_there:
                    stack.enter_context(locked(Path(path)))
            if on_open is not None:
                on_open()
            advance(members, spec, [int(member.state.step) for member in members])  # takes no step, but compiles
            for member, of_run in zip(members, followed, strict=True):
                if member.ended is None:
                    member.callbacks = of_run
                    stack.enter_context(of_run.follow(member.config))
        showing = show_progress(members, enabled=show, report=progress)
        with defer_keyboard_interrupt() as interrupted, showing as shown:
            while any(member.ended is None for member in members):
                train_chunk(members, spec, measures, shown)
                if interrupted() or (stop is not None and stop()):
                    for member in members:
                        member.ended = member.ended or "interrupted"
            outcomes = [finalize(member) for member in members]
            with ExitStack() as ends:  # all are called, even if one raises an error
                for member, outcome in reversed([*zip(members, outcomes, strict=True)]):
                    ends.callback(member.callbacks.end, outcome)
            return outcomes


def measures_of(config: Config) -> dict[str, Measure]:
    """Return the metrics function of each set that is evaluated during training."""
    task = build_task(config)
    sets = {"validation": config.lengths} | ({"test": task.test_lengths} if config.log_test else {})
    tasks = {"validation": task, "test": task.to_test}
    return {name: measure_of(tasks[name], lengths) for name, lengths in sets.items()}


def train_chunk(members: list[Member], spec, measures: dict[str, Measure], progress: TrainingProgress) -> None:
    """Train every active member for a chunk of steps, then do what is due."""
    started, active = time.perf_counter(), [member for member in members if member.ended is None]
    advance(members, spec, [stop_of(member) for member in members])
    share = min(used_devices(len(members)), len(active)) / len(active)
    seconds = (time.perf_counter() - started) * share
    progress.advance()
    for member in active:
        member.seconds += seconds
        on_chunk_end(member, spec, measures, progress)


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
