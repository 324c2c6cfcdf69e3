"""The processes of a population other than process 0: they train and evaluate runs of their own, and report them."""

import json
from collections.abc import Sequence
from pathlib import Path

from neuralstack.training._build import begin, step_spec
from neuralstack.training._chunk import Metrics, measured, measures_of, on_chunk_end, take_steps
from neuralstack.training._config import Config
from neuralstack.training._following import interrupt
from neuralstack.training._interrupt import defer_keyboard_interrupt
from neuralstack.training._measure import Measure
from neuralstack.training._members import Member, advance
from neuralstack.training._population import TICK, without_large
from neuralstack.training._progress import TrainingProgress
from neuralstack.training._run_directory import Run
from neuralstack.training._step import HEALTHY, StepSpec
from neuralstack.training._tensors import from_bytes, to_bytes
from neuralstack.training._text_record import pinned_task
from neuralstack.training.distributed import DeviceGroup, Message


def follow_population(devices: DeviceGroup, runs: Sequence[tuple[Config, Path]]) -> bool:
    """Train the members of this process, which process 0 writes, and return whether all were interrupted.

    Args:
        devices: The devices of all processes.
        runs: The complete configuration and the directory of each run, those of other processes included.
    """
    spec = step_spec(runs[0][0])
    spec = spec._replace(task=pinned_task(spec.task))
    measures, own = measures_of(runs[0][0]), {}
    for number, (config, path) in enumerate(runs):
        if devices.owner(number) == devices.process:
            own[number] = Member(config, Run(path), begin(config), [], 0.0, None, written=False)
    start_from_told([*own.values()], devices.hear())
    if own:
        advance([*own.values()], spec, [int(member.state.step) for member in own.values()])  # to compile
    asked, told = False, []
    with defer_keyboard_interrupt() as interrupted:
        while not told:
            if interrupted() and not asked:
                devices.ask_to_stop()
                asked = True
            if devices.asked_to_stop():
                report_interrupted(own, devices)
            elif any(member.ended is None for member in own.values()):
                report_chunk(own, spec, measures, devices)
            told = devices.arrived(TICK if all(member.ended is not None for member in own.values()) else 0.0)
    if told[0].value["interrupted"]:
        devices.end_together()
    return told[0].value["interrupted"]


def start_from_told(members: Sequence[Member], message: Message) -> None:
    """Take over what process 0 has told the members of this process to go on from."""
    pieces = message.pieces()
    for member, (ended, seconds), state, records in zip(
        members, message.value["ended"], pieces[::2], pieces[1::2], strict=True
    ):
        member.state = from_bytes(state, member.state, "what process 0 sent")
        member.ended, member.seconds, member.records = ended, seconds, json.loads(records)


def report_chunk(own: dict[int, Member], spec: StepSpec, measures: dict[str, Measure], devices: DeviceGroup) -> None:
    """Train the members of this process for a chunk of steps, evaluate those that are due, and report to process 0."""
    members = [*own.values()]
    silent = TrainingProgress(members, None, None, enabled=False)
    active = take_steps(members, spec)
    metrics = [measured(member, spec, measures, silent) for member in active]
    report(own, active, metrics, devices)
    for member, evaluated in zip(active, metrics, strict=True):
        on_chunk_end(member, evaluated, silent)


def report_interrupted(own: dict[int, Member], devices: DeviceGroup) -> None:
    """Report the members that have not ended to process 0 as interrupted, with their whole states."""
    active = [member for member in own.values() if member.ended is None]
    if active:
        interrupt(active)
        report(own, active, [None] * len(active), devices)


def report(
    own: dict[int, Member], members: Sequence[Member], metrics: Sequence[Metrics | None], devices: DeviceGroup
) -> None:
    """Report members to process 0: their whole states if it saves these, else how far they are."""
    numbers = {id(member): number for number, member in own.items()}
    runs, pieces = [], []
    for member, evaluated in zip(members, metrics, strict=True):
        whole = evaluated is not None or member.ended is not None or int(member.state.failure) != HEALTHY
        told = {"number": numbers[id(member)], "seconds": member.seconds, "metrics": evaluated, "whole": whole}
        runs.append(told | {"interrupted": member.ended == "interrupted"})
        pieces.append(to_bytes(member.state if whole else without_large(member.state)))
    devices.tell({"runs": runs, "sizes": [*map(len, pieces)]}, b"".join(pieces))
