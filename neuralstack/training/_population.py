"""A population spread over several processes: each trains and evaluates runs of its own, and process 0 writes them all.

The runs are independent, so no process waits for another one, and each run is trained by the program that would train
it in a single process: on a CPU, its numbers do not depend on the number of devices or processes.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

from neuralstack._heartbeat import say
from neuralstack.training._bounds import to_json
from neuralstack.training._chunk import on_chunk_end, train_chunk
from neuralstack.training._config import Config
from neuralstack.training._device_record import record_population
from neuralstack.training._following import interrupt
from neuralstack.training._measure import Measure
from neuralstack.training._members import Member, advance
from neuralstack.training._progress import TrainingProgress
from neuralstack.training._resume import flatten
from neuralstack.training._step import StepSpec, TrainState
from neuralstack.training._tensors import from_bytes, to_bytes
from neuralstack.training.distributed import DeviceGroup, Message

TICK = 0.1  # seconds between two looks for an interrupt while others train
LARGE = ("model", "heads", "objective_state", "carried", "optimizer")  # what a state without them is sent for: its step


def check_population(devices: DeviceGroup, configs: Sequence[Config]) -> None:
    """Check that all processes were started with the same population.

    Raises:
        ValueError: If they were not.
    """
    first, *others = [flatten(to_json(config)) for config in configs]
    devices.require_same({"the number of runs": len(configs)} | first)
    varied = [{name: value for name, value in other.items() if value != first.get(name)} for other in others]
    devices.require_same(flatten({f"run {number}": options for number, options in enumerate(varied, start=2)}))


def begin_population(members: list[Member], spec: StepSpec, devices: DeviceGroup, *, show: bool) -> None:
    """Compile what trains the members, in all processes, after telling each what its own go on from.

    Raises:
        ValueError: If the record of earlier devices is broken.
    """
    line = record_population(members, devices)
    if line is not None and show:
        say(f"neuralstack: {line}")
    hand_out(members, devices)
    own = own_of(members, devices, devices.process)
    advance(own, spec, [int(member.state.step) for member in own])


def hand_out(members: Sequence[Member], devices: DeviceGroup) -> None:
    """Tell each of the other processes, as process 0, what its runs go on from."""
    for process in range(1, devices.processes):
        own = own_of(members, devices, process)
        pieces = [part for member in own for part in (to_bytes(member.state), json.dumps(member.records).encode())]
        ended = [(member.ended, member.seconds) for member in own]
        devices.tell({"ended": ended, "sizes": [*map(len, pieces)]}, b"".join(pieces), to=process)


def own_of(members: Sequence[Member], devices: DeviceGroup, process: int) -> list[Member]:
    """Return the members that a process trains."""
    return [member for number, member in enumerate(members) if devices.owner(number) == process]


def lead_population(
    members: Sequence[Member],
    spec: StepSpec,
    measures: dict[str, Measure],
    progress: TrainingProgress,
    devices: DeviceGroup,
    stops: Sequence[Callable[[], bool]],
) -> None:
    """Train the members of process 0 until all have ended, and write those of the others as these report them."""
    own, stopped = own_of(members, devices, 0), False
    while any(member.ended is None for member in members):
        if any(member.ended is None for member in own):
            train_chunk(own, spec, measures, progress, None)
        if not stopped and (devices.asked_to_stop() or any(stop() for stop in stops)):
            stopped = True
            interrupt(own)
            devices.ask_to_stop()
        within = TICK if all(member.ended is not None for member in own) else 0.0
        while messages := devices.arrived(within):
            for message in messages:
                take_report(members, message, progress)
            within = 0.0
        progress.advance()
    interrupted = any(member.ended == "interrupted" for member in members)
    devices.tell({"interrupted": interrupted})
    if interrupted:
        devices.end_together()


def take_report(members: Sequence[Member], message: Message, progress: TrainingProgress) -> None:
    """Take over, and write, what another process reports of its members."""
    for told, content in zip(message.value["runs"], message.pieces(), strict=True):
        member = members[told["number"]]
        member.seconds = told["seconds"]
        member.state = with_reported(member.state, content, whole=told["whole"])
        if told["interrupted"]:
            member.ended = "interrupted"
        else:
            on_chunk_end(member, told["metrics"], progress)


def without_large(state: TrainState) -> TrainState:
    """Return what is small in a state: how far training is, and how it goes."""
    return replace(state, **dict.fromkeys(LARGE))


def with_reported(state: TrainState, content: bytes, *, whole: bool) -> TrainState:
    """Return a state with what was reported of it."""
    if whole:
        return from_bytes(content, state, "what a process sent")
    small = from_bytes(content, without_large(state), "what a process sent")
    return replace(small, **{name: getattr(state, name) for name in LARGE})
