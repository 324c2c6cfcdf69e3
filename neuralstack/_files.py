"""Safe access to files of any origin: reads are bounded in size; writes are atomic and never follow a link."""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LARGEST_TEXT = 1 << 28  # bytes, for a configuration or metrics
PARTIAL = ".partial"  # suffix of a file that is being written


class InUseError(ValueError):
    """A directory or a file that another process has locked."""


def read_bounded(path: Path, largest: int = LARGEST_TEXT) -> bytes:
    """Read a regular file of bounded size.

    Raises:
        ValueError: If the file is of another kind (a pipe, a device) or too large.
    """
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("it is not a regular file")
        if status.st_size > largest:
            raise ValueError(f"it has {status.st_size} bytes, and at most {largest} are read")
        return file.read(status.st_size)


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file atomically: if the process is killed, the file holds either its old content or the new one.

    The content is first written to a new file, opened exclusively: a link in its place is replaced, not followed. If it
    cannot be written, as on a full disk, nothing of it is left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + PARTIAL)
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def append_line(path: Path, line: str) -> None:
    """Append a line to a file, which must not be a link."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o666)
    with os.fdopen(descriptor, "a") as file:
        file.write(line + "\n")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Lock a directory for this process; the lock is released when the process ends, even if it is killed.

    Raises:
        InUseError: If another process holds the lock.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUseError(
                f"the run in {str(path)!r} is being trained by another process: wait for it, or stop it."
            ) from None
        yield
    finally:
        os.close(descriptor)
