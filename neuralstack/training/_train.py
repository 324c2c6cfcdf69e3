"""Resumable training of a run: chunks of compiled steps, with progress, evaluations and checkpoints in between."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Unpack

from neuralstack._arguments import require_object
from neuralstack._files import locked
from neuralstack._heartbeat import say
from neuralstack.training._build import build_task, step_spec
from neuralstack.training._callbacks import Callbacks
from neuralstack.training._chunk import finalize, measures_of
from neuralstack.training._complete import complete
from neuralstack.training._config import Config
from neuralstack.training._device_record import record_devices, record_population
from neuralstack.training._following import check_devices, follow, lead, share, share_ends
from neuralstack.training._interrupt import defer_keyboard_interrupt
from neuralstack.training._members import Member, advance
from neuralstack.training._options import with_options
from neuralstack.training._outcome import Outcome
from neuralstack.training._own_parts import OwnParts
from neuralstack.training._population import begin_population, lead_population
from neuralstack.training._progress import Report, show_progress
from neuralstack.training._refused import removed_if_refused
from neuralstack.training._resume import open_run
from neuralstack.training._run_directory import Run
from neuralstack.training._step import StepSpec
from neuralstack.training._stopping import Record
from neuralstack.training._text_record import pinned_task, require_same_text
from neuralstack.training.distributed import DeviceGroup


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
    devices: DeviceGroup | None = None,
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
        devices: The devices over which each batch is spread. Defaults to one device of this process.

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
        devices=devices,
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
    devices: DeviceGroup | None = None,
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
        devices: As in `train`. On as many devices as before, training goes on bit for bit as if it had never stopped;
            on another number, to rounding.
        own: The names of the run's `task`, `memory` and `controller`, if they are not the library's; their code is
            executed.

    Raises:
        ValueError: If there is no run, or one of its files is broken.
    """
    options = {"max_steps": max_steps, "stop_after_perfect": stop_after_perfect, "extra_steps": extra_steps}
    given = {name: value for name, value in {**options, "text": text}.items() if value is not None}
    config = with_options(Run.open(path).config(**own), **given)
    return train(config, path, resume=True, show=show, progress=progress, callbacks=callbacks, devices=devices)


def train_all(
    runs: Sequence[tuple[Config, str | Path]],
    *,
    resume: bool = False,
    warm_start: str | Path | None = None,
    show: bool = True,
    progress: Report | None = None,
    stop: Callable[[], bool] | None = None,
    callbacks: Sequence[Any] | None = None,
    devices: DeviceGroup | None = None,
    population: DeviceGroup | None = None,
) -> list[Outcome]:
    """Train several runs together with one compiled program; they may differ only in seed and learning rate.

    Each gives the same result as it would alone, up to rounding, and ends on its own. Nothing is written before all
    configurations have been checked.

    Args:
        runs: The configuration and the directory of each.
        resume: Continue the runs that exist, as `train` does.
        warm_start: Directory of a run from whose weights training starts.
        show: Whether to show progress on the terminal or in a notebook.
        progress: Called as in `train`, with the directory of a run and its record.
        stop: Asked as in `train`.
        callbacks: The callbacks of each run.
        devices: The devices over which each batch is spread.
        population: The devices over which the runs are spread, each on one, in process 0; the others call
            `follow_population`. Defaults to those of this process.

    Raises:
        ValueError: As for `train`.
    """
    for config, _ in runs:
        require_object("config", config, Config, 'ns.Config("reversal")')
    if devices is not None:
        require_object("devices", devices, DeviceGroup, "ns.DeviceGroup()")
        devices = devices if devices.count > 1 else None
    followed = [Callbacks(of_run) for of_run in callbacks or [()] * len(runs)]
    configs, paths = [complete(config) for config, _ in runs], [Path(path) for _, path in runs]
    if devices is not None:
        check_devices(devices, configs)
    spec = step_spec(configs[0])
    spec = spec._replace(task=pinned_task(spec.task))
    if devices is not None and not devices.leads:
        return follow(devices, [*zip(configs, paths, strict=True)], spec)
    if resume:
        for config, path in zip(configs, paths, strict=True):
            require_same_text(path, build_task(config))
    measures = measures_of(configs[0])
    with ExitStack() as stack:
        with removed_if_refused(paths):
            members = open_all(configs, paths, stack, resume=resume, warm_start=warm_start)
            if population is None:
                begin_on_devices(members, spec, devices, show=show)
            else:
                begin_population(members, spec, population, show=show)
            start_callbacks(members, followed, stack)
        showing = show_progress(
            members, enabled=show, report=progress, processes=population.processes if population else 1
        )
        with defer_keyboard_interrupt() as interrupted, showing as shown:
            stops = [interrupted] if stop is None else [interrupted, stop]
            if population is None:
                lead(members, spec, measures, shown, devices, stops)
            else:
                lead_population(members, spec, measures, shown, population, stops)
            outcomes = [finalize(member) for member in members]
            share_ends(devices, members)
            end_callbacks(members, outcomes)
            return outcomes


def open_all(
    configs: Sequence[Config],
    paths: Sequence[Path],
    stack: ExitStack,
    *,
    resume: bool,
    warm_start: str | Path | None,
) -> list[Member]:
    """Open all runs, and lock their directories until the stack is closed.

    Raises:
        ValueError: As for `train`.
    """
    members = []
    for config, path in zip(configs, paths, strict=True):
        is_there = resume and path.is_dir()
        if is_there:
            stack.enter_context(locked(path))
        members.append(open_run(config, path, resume=resume, warm_start=warm_start))
        if not is_there:
            stack.enter_context(locked(path))
    return members


def start_callbacks(members: list[Member], callbacks: Sequence[Callbacks], stack: ExitStack) -> None:
    """Start the callbacks of the runs that have not ended; if training fails, the stack ends them."""
    for member, of_run in zip(members, callbacks, strict=True):
        if member.ended is None:
            member.callbacks = of_run
            stack.enter_context(of_run.follow(member.config))


def end_callbacks(members: Sequence[Member], outcomes: Sequence[Outcome]) -> None:
    """End the callbacks of all runs, even if one of them raises an error."""
    with ExitStack() as ends:
        for member, outcome in reversed([*zip(members, outcomes, strict=True)]):
            ends.callback(member.callbacks.end, outcome)


def begin_on_devices(members: list[Member], spec: StepSpec, devices: DeviceGroup | None, *, show: bool) -> None:
    """Compile what trains the members, in all processes, and record on which devices one goes on.

    Raises:
        ValueError: If the record of earlier devices is broken.
    """
    if len(members) > 1:
        line = record_population(members, None)
    else:
        line = record_devices(members[0], devices) if members[0].ended is None else None
    if line is not None and show:
        say(f"neuralstack: {line}")
    share(devices, members, [None] * len(members))
    advance(members, spec, [int(member.state.step) for member in members], devices)  # takes no step, but compiles
