"""Event files as TensorBoard reads them: records, each with its length and the checksums of both."""

import struct
from collections import defaultdict


def read_events(directory):
    """Return every event in the files of a directory, in order, after checking their checksums."""
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.record_writer import masked_crc32c

    events = []
    for file in sorted(directory.glob("*tfevents*")):
        content = file.read_bytes()
        while content:
            length, of_length = struct.unpack("<QI", content[:12])
            body, (of_body,) = content[12 : 12 + length], struct.unpack("<I", content[12 + length : 16 + length])
            assert (masked_crc32c(content[:8]), masked_crc32c(body)) == (of_length, of_body)
            events.append(Event.FromString(body))
            content = content[16 + length :]
    return events


def curves(directory):
    """Return the points (step, value) of each tag."""
    points = defaultdict(list)
    for event in read_events(directory):
        for value in event.summary.value:
            points[value.tag].append((event.step, value.simple_value))
    return dict(points)


def curves_of(records):
    """Return the curves that the lines of a metrics.jsonl should give, in single precision."""
    points = defaultdict(list)
    for record in records:
        for name, value in record.items():
            for inner, number in value.items() if isinstance(value, dict) else [("", value)]:
                (single,) = struct.unpack("f", struct.pack("f", number))
                points[f"{name}/{inner}" if inner else name].append((record["step"], single))
    del points["step"]
    return dict(points)
