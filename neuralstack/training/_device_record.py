"""The record of a run on how many devices its batches were spread."""

from neuralstack._files import read_bounded
from neuralstack._json import parse_json, to_json_text
from neuralstack.training._members import Member
from neuralstack.training.distributed import DeviceGroup

DEVICE_RECORD = "devices.json"


def record_devices(member: Member, devices: DeviceGroup | None) -> str | None:
    """Record on how many devices a run goes on, and return a line that says what that means for its bits, if anything.

    A run on one device that never had others needs no record.

    Raises:
        ValueError: If the record is broken.
    """
    file, step = member.run.file(DEVICE_RECORD), int(member.state.step)
    count = 1 if devices is None else devices.count
    if count == 1 and not file.exists():
        return None
    history = [stretch for stretch in read_record(member) if stretch["step"] < step]
    before = history[-1]["devices"] if history else 1 if step else count
    if not history or before != count:
        history.append({"step": step, "devices": count})
        member.run.write(DEVICE_RECORD, to_json_text(history) + "\n")
    start = f"training on {in_words(count)}"
    if devices is not None and devices.processes > 1:
        start += f" of {devices.processes} processes"
    if step and before == count:
        return f"{start}, as many as before: the same, bit for bit, as if it had never stopped"
    return f"{start}, after {in_words(before)}: the same as before to rounding" if step else start


def read_record(member: Member) -> list[dict[str, int]]:
    """Return the numbers of devices, with the step from which each holds.

    Raises:
        ValueError: If the record is broken.
    """
    file = member.run.file(DEVICE_RECORD)
    if not file.exists():
        return []
    try:
        return [
            {name: int(stretch[name]) for name in ("step", "devices")} for stretch in parse_json(read_bounded(file))
        ]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{str(file)!r} is broken ({error}): restore it, or remove it.") from None


def in_words(count: int) -> str:
    """Return a number of devices in words."""
    return "1 device" if count == 1 else f"{count} devices"
