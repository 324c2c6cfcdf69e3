"""JSON from files that may be anything: of bounded size, and wrong in one way only."""

import json
from pathlib import Path
from typing import Any

LARGEST = 1 << 28  # bytes


def read_json(path: str | Path) -> Any:
    """Return the content of a JSON file.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is not a regular file of at most 256 MiB, or not JSON, or nested too deeply.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(path)
    if path.stat().st_size > LARGEST:
        raise ValueError(f"{str(path)!r} is larger than {LARGEST >> 20} MiB.")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise ValueError(f"{str(path)!r} is nested too deeply.") from None
