"""Locks of cells: files that say which process trains a cell, and that only one process can hold.

The lock is on the file, opened for writing, not on its directory: such a lock also holds between the computers that
share a network file system. The system frees it when its process ends, even if it is killed; while its process is
stopped, it is held. What the file says remains after a kill, which is how the next process learns of it.
"""

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from neuralstack._files import InUseError, read_bounded
from neuralstack._json import parse_json, to_json_text

WORKERS = "workers"  # the directory of these files in that of a sweep
LARGEST_RECORD = 1 << 16  # bytes
MOMENT = 10.0  # seconds within which a lock that is held for moments is free


class Holder:
    """The process that holds a lock, and what it writes into the lock's file.

    Args:
        descriptor: The open file.
        call: The call of a sweep that the process works for.
    """

    def __init__(self, descriptor: int, call: str):
        before = parsed(os.pread(descriptor, LARGEST_RECORD, 0))
        self.starts = 1 + (int(before.get("starts", 0)) if before.get("call") == call else 0)
        """Number of processes of this call that began, this one included; the others did not come to an end."""
        self._descriptor = descriptor
        self._record = {"host": socket.gethostname(), "pid": os.getpid(), "call": call, "starts": self.starts}
        self.note()

    def note(self, **facts: Any) -> None:
        """Add to what the file says; on a full disk it says less."""
        self._record |= facts
        content = to_json_text(self._record).encode()
        with suppress(OSError):
            os.pwrite(self._descriptor, content, 0)
            os.ftruncate(self._descriptor, len(content))


def lock_file(sweep: Path, name: str) -> Path:
    """Return the lock's file of a cell, all of which are in one directory."""
    return sweep / WORKERS / name.replace("/", "@")


@contextmanager
def held(sweep: Path, name: str, call: str) -> Iterator[Holder]:
    """Hold the lock of a cell.

    Raises:
        InUseError: If another process holds it; the message says which, if it is known.
    """
    file = lock_file(sweep, name)
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUseError(f"held by {holder_of(sweep, name) or 'another process'}") from None
        holder = Holder(descriptor, call)
        try:
            yield holder
        finally:  # not reached if the process is killed
            with suppress(OSError):
                os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


@contextmanager
def held_soon(sweep: Path, name: str, call: str) -> Iterator[Holder]:
    """Hold a lock that others hold only for moments.

    Raises:
        InUseError: If another process holds it for longer.
    """
    deadline = time.monotonic() + MOMENT
    with ExitStack() as locks:
        while True:
            try:
                holder = locks.enter_context(held(sweep, name, call))
                break
            except InUseError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        yield holder


def record_of(sweep: Path, name: str) -> dict[str, Any]:
    """Return what the lock's file says of the process that trains a cell; nothing if there is none."""
    try:
        return parsed(read_bounded(lock_file(sweep, name), LARGEST_RECORD))
    except (OSError, ValueError):
        return {}


def holder_of(sweep: Path, name: str) -> str:
    """Return which process trains a cell, in words, or an empty text."""
    record = record_of(sweep, name)
    return f"process {record.get('pid')} on {record.get('host')}" if record else ""


def parsed(content: bytes) -> dict[str, Any]:
    """Return the content of a lock's file; nothing if it is just being written."""
    try:
        record = parse_json(content)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}
