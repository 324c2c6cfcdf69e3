"""Reading of files that may come from anywhere: regular ones of bounded size, and no others."""

import os
import stat
from pathlib import Path

LARGEST_TEXT = 1 << 28  # bytes of a configuration or of metrics


def read_bounded(path: Path, largest: int = LARGEST_TEXT) -> bytes:
    """Read a regular file of bounded size.

    Raises:
        ValueError: If it is another kind of file (a pipe, a device), or larger.
    """
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("it is not a regular file")
        if status.st_size > largest:
            raise ValueError(f"it has {status.st_size} bytes, and at most {largest} are read")
        return file.read(status.st_size)
