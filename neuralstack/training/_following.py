"""Batches spread over several processes: process 0 opens and writes the run and decides; the others compute with it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from neuralstack._json import parse_json, to_json_text
from neuralstack.training._bounds import to_json
from neuralstack.training._build import begin
from neuralstack.training._chunk import train_chunk
from neuralstack.training._config import Config
from neuralstack.training._interrupt import defer_keyboard_interrupt
from neuralstack.training._measure import Measure
from neuralstack.training._members import Member, advance, stop_of
from neuralstack.training._outcome import Outcome, outcome_of
from neuralstack.training._progress import TrainingProgress
from neuralstack.training._resume import flatten
from neuralstack.training._run_directory import Run
from neuralstack.training._step import StepSpec, TrainState
from neuralstack.training._tensors import from_bytes, to_bytes
from neuralstack.training.distributed import DeviceGroup, Message


def check_devices(devices: DeviceGroup, configs: Sequence[Config]) -> None:
    """Check that all processes train the same, and that each batch can be spread over the devices.

    Raises:
        ValueError: If not.
    """
    for config in configs:
        devices.require_same(flatten(to_json(config)))
        devices.check_size("batch_size", config.batch_size)


def lead(
    members: list[Member],
    spec: StepSpec,
    measures: dict[str, Measure],
    progress: TrainingProgress,
    devices: DeviceGroup | None,
    stops: Sequence[Callable[[], bool]],
) -> None:
    """Train all members, as the only process or as process 0, until they have ended or a function says to stop."""
    while any(member.ended is None for member in members):
        trained = train_chunk(members, spec, measures, progress, devices)
        if any(stop() for stop in stops):
            interrupt(members)
        share(devices, members, trained)


def share(devices: DeviceGroup | None, members: Sequence[Member], known: Sequence[TrainState | None]) -> None:
    """Tell the other processes, as process 0, which runs have ended, and the states that they do not know.

    If one of them was interrupted, all runs end.
    """
    if devices is None or devices.processes == 1:
        return
    if devices.asked_to_stop():
        interrupt(members)
    states = [
        b"" if member.state is state else to_bytes(member.state) for member, state in zip(members, known, strict=True)
    ]
    ended = [member.ended for member in members]
    devices.tell({"ended": ended, "sizes": [len(state) for state in states]}, b"".join(states))


def interrupt(members: Sequence[Member]) -> None:
    """End the runs that have not ended."""
    for member in members:
        member.ended = member.ended or "interrupted"


def share_ends(devices: DeviceGroup | None, members: Sequence[Member]) -> None:
    """Tell the other processes, as process 0, what they need for the outcomes."""
    if devices is not None and devices.processes > 1:
        devices.tell([[member.ended, to_json_text(member.records), member.seconds] for member in members])


def follow(devices: DeviceGroup, runs: Sequence[tuple[Config, str | Path]], spec: StepSpec) -> list[Outcome]:
    """Compute what process 0 trains, in another process, and return the same outcomes.

    The states come from process 0: first those from which training starts, then those after each evaluation and each
    restart. So the other processes need not see the directory of the run.
    """
    members = [Member(config, Run(Path(path)), begin(config), [], 0.0, None) for config, path in runs]
    take(members, devices.hear())
    advance(members, spec, [int(member.state.step) for member in members], devices)  # as process 0 does, to compile
    with defer_keyboard_interrupt() as interrupted:
        asked = False
        while any(member.ended is None for member in members):
            if interrupted() and not asked:
                devices.ask_to_stop()
                asked = True
            advance(members, spec, [stop_of(member) for member in members], devices)
            take(members, devices.hear())
    ends: Any = devices.hear().value
    outcomes = []
    for member, (ended, records, seconds) in zip(members, ends, strict=True):
        outcomes.append(outcome_of(ended, member.config, member.state, parse_json(records), seconds))
    return outcomes


def take(members: Sequence[Member], message: Message) -> None:
    """Take over what process 0 has shared."""
    for member, ended, content in zip(members, message.value["ended"], message.pieces(), strict=True):
        member.ended = ended
        if content:
            member.state = from_bytes(content, member.state, "what process 0 sent")
