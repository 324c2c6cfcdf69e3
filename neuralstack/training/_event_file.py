"""Files of curves as TensorBoard reads them. Nothing here imports JAX."""

import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neuralstack._extras import extra

FORMAT = "brain.Event:2"  # the first event of every file names it


class EventFile:
    """A new event file in a directory, to which each evaluation is written at once.

    Args:
        directory: The directory, which is created. Files that are there already are left alone.

    Raises:
        ModuleNotFoundError: If tensorboardX is not installed.
    """

    def __init__(self, directory: Path):
        writer, self._event, self._summary = writer_and_messages()
        directory.mkdir(parents=True, exist_ok=True)
        # TensorBoard reads the files of a directory in the order of their names.
        name = f"events.out.tfevents.{int(time.time())}.{socket.gethostname()}.{os.getpid()}"
        self._records = writer(str(directory.absolute() / f"{name}.{len(event_files(directory))}"))
        self._append(self._event(wall_time=time.time(), file_version=FORMAT))

    def write(self, step: int, metrics: Mapping[str, float], wall_time: float) -> None:
        """Write the numbers of an evaluation, each with its name as the tag, and wait until they are on disk."""
        values = [self._summary.Value(tag=tag, simple_value=value) for tag, value in metrics.items()]
        self._append(self._event(step=step, wall_time=wall_time, summary=self._summary(value=values)))

    def close(self) -> None:
        """Close the file."""
        self._records.close()

    def _append(self, event: Any) -> None:
        self._records.write(event.SerializeToString())
        self._records.flush()


def writer_and_messages() -> tuple[Any, Any, Any]:
    """Return the writer of records, and the messages Event and Summary, of tensorboardX.

    Raises:
        ModuleNotFoundError: If it is not installed.
    """
    with extra("tracking"):
        from tensorboardX import RecordWriter
        from tensorboardX.proto.event_pb2 import Event  # pyright: ignore[reportAttributeAccessIssue] made on import
        from tensorboardX.proto.summary_pb2 import Summary  # pyright: ignore[reportAttributeAccessIssue]
    return RecordWriter, Event, Summary


def event_files(directory: Path) -> list[Path]:
    """Return the event files that lie in a directory itself.

    Raises:
        ValueError: If there is a file in the place of the directory.
    """
    if directory.exists() and not directory.is_dir():
        raise ValueError(f"{str(directory)!r} is a file: name a directory for the event files.")
    return sorted(directory.glob("*tfevents*"))


def require_no_event_files(directory: Path) -> None:
    """Check that a directory holds no curves, which new ones would be drawn over.

    Raises:
        ValueError: If there is an event file, or a file in the place of the directory.
    """
    if event_files(directory):
        raise ValueError(
            f"{str(directory)!r} holds event files already: choose another directory, or remove them from it."
        )
