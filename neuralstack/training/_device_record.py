"""The record of a run on how many devices its batches, or the population that it is part of, were spread."""

from collections.abc import Sequence

import jax

from neuralstack._files import read_bounded
from neuralstack._json import parse_json, to_json_text
from neuralstack._runtime import cores_of_this_process
from neuralstack.training._members import Member
from neuralstack.training.distributed import DeviceGroup

DEVICE_RECORD = "devices.json"
ROUNDED = "the same as before to rounding"


def record_devices(member: Member, devices: DeviceGroup | None) -> str | None:
    """Record on how many devices a run goes on, and return a line that says what that means for its bits, if anything.

    A run on one device that never had others needs no record.

    Raises:
        ValueError: If the record is broken.
    """
    step, count = int(member.state.step), 1 if devices is None else devices.count
    if count == 1 and not member.run.file(DEVICE_RECORD).exists():
        return None
    history = history_of(member)
    before = batch_devices(history[-1]) if history else 1 if step else count
    record(member, history, {"step": step, "devices": count})
    start = f"training on {in_words(count)}"
    if devices is not None and devices.processes > 1:
        start += f" of {devices.processes} processes"
    if step and before == count:
        return f"{start}, as many as before: the same, bit for bit, as if it had never stopped"
    return f"{start}, after {in_words(before)}: {ROUNDED}" if step else start


def record_population(members: Sequence[Member], devices: DeviceGroup | None) -> str | None:
    """Record on how many devices a population goes on, and return a line on that and on what it means for its bits.

    A population in one process whose runs never had a record needs none.

    Raises:
        ValueError: If a record is broken.
    """
    active = [member for member in members if member.ended is None]
    if not active or (devices is None and not any(member.run.file(DEVICE_RECORD).exists() for member in active)):
        return None
    count, same = jax.local_device_count() if devices is None else devices.count, True
    for member in active:
        step, history = int(member.state.step), history_of(member)
        now = {"step": step, "devices": count, "runs": len(members), "cores": len(cores_of_this_process())}
        before = history[-1] if history else {"devices": 1} if step else now
        same = same and program_of({"cores": now["cores"]} | before) == program_of(now)
        record(member, history, now)
    used = in_words(count) if len(active) >= count else f"{len(active)} of {in_words(count)}"
    start = f"training {len(active)} run{'s' * (len(active) > 1)} on {used}"
    if devices is not None and devices.processes > 1:
        start += f" of {devices.processes} processes"
    if all(int(member.state.step) == 0 for member in active):
        return f"{start}, each on one"
    return f"{start}, each on one: " + ("the same, bit for bit, as if none had ever stopped" if same else ROUNDED)


def program_of(stretch: dict[str, int]) -> tuple[int, int]:
    """Return what the last bits of a run depend on: the devices of its batch, and what else they have to compute.

    A CPU trains the runs of a device one after another, and cuts large sums into parts for its cores. Elsewhere the
    runs of a device are in one program.
    """
    if jax.default_backend() == "cpu":
        return batch_devices(stretch), stretch["cores"]
    return batch_devices(stretch), -(-stretch.get("runs", 1) // stretch["devices"])


def batch_devices(stretch: dict[str, int]) -> int:
    """Return the number of devices over which each batch was spread: one, if runs were spread instead."""
    return 1 if "runs" in stretch else stretch["devices"]


def history_of(member: Member) -> list[dict[str, int]]:
    """Return the part of the record that is before the step from which a run goes on.

    Raises:
        ValueError: If the record is broken.
    """
    return [stretch for stretch in read_record(member) if stretch["step"] < int(member.state.step)]


def record(member: Member, history: list[dict[str, int]], now: dict[str, int]) -> None:
    """Write the record of a run, if what holds now is new."""
    if not history or {**history[-1], "step": 0} != {**now, "step": 0}:
        member.run.write(DEVICE_RECORD, to_json_text([*history, now]) + "\n")


def read_record(member: Member) -> list[dict[str, int]]:
    """Return the numbers of devices, and of the runs spread over them, with the step from which each holds.

    Raises:
        ValueError: If the record is broken.
    """
    file = member.run.file(DEVICE_RECORD)
    if not file.exists():
        return []
    try:
        return [
            {"step": int(stretch["step"]), "devices": int(stretch["devices"])}
            | {name: int(stretch[name]) for name in ("runs", "cores") if name in stretch}
            for stretch in parse_json(read_bounded(file))
        ]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{str(file)!r} is broken ({error}): restore it, or remove it.") from None


def in_words(count: int) -> str:
    """Return a number of devices in words."""
    return "1 device" if count == 1 else f"{count} devices"
