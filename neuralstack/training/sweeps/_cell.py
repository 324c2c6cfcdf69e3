"""A cell of a sweep: one training in its own directory, which any process on any computer can begin or continue."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from neuralstack._files import InUseError
from neuralstack.training._bounds import from_json
from neuralstack.training._complete import complete
from neuralstack.training._config import Config
from neuralstack.training._run_directory import Run
from neuralstack.training._stopping import Record
from neuralstack.training._train import train
from neuralstack.training.sweeps._lock import Holder, held
from neuralstack.training.sweeps._outcome_file import keep_outcome, kept_outcome

BETWEEN_LOOKS = 1.0  # seconds between looks for the stop file
Answer = dict[str, Any]
"""The outcome of a cell, as plain data: its `status` (see `Outcome`), or `waiting` if another process trains it, and a
`message`."""
Work = Callable[[Callable[[Record], None], Callable[[], bool]], Answer]
"""A function that does the work of a cell, and returns what became of it. It takes a function to be called with each
record of the progress, and one that says whether to stop."""


def stop_file(sweep: Path, call: str) -> Path:
    """Return the file whose existence stops all cells of one call of a sweep, wherever they are trained."""
    return sweep / f"stop-{call}"


def train_cell(task: dict[str, Any]) -> Answer:
    """Train a cell, or continue its training, unless it has ended; what goes wrong is an answer too.

    Args:
        task: Plain data: the `name` of the cell, the sweep's directory (`path`), the configuration (`config`), and what
            `guarded` needs.
    """
    path = Path(task["path"]) / task["name"]

    def work(progress: Callable[[Record], None], stop: Callable[[], bool]) -> Answer:
        config = complete(from_json(Config, task["config"]))
        if (kept := kept_outcome(path, config)) is not None:
            return kept
        outcome = train(config, path, resume=True, show=False, progress=progress, stop=stop)
        if outcome.status == "interrupted":
            return {"status": outcome.status, "message": outcome.message}
        return keep_outcome(outcome, config, Run(path))

    return guarded(task, work)


def guarded(task: dict[str, Any], work: Work) -> Answer:
    """Do the work of a cell under its lock, and return what became of it, whatever that is.

    Args:
        task: The `name` of the cell, the directory with its lock (`path`), the `call` that it belongs to, the `version`
            of the package there, and the number of `retries` after a worker has died.
        work: The work.
    """
    from neuralstack import __version__

    if task["version"] != __version__:
        message = f"the worker has neuralstack {__version__}, but the sweep was started by {task['version']}"
        return {"status": "failed", "message": f"{message}: install the same version."}
    try:
        with held(Path(task["path"]), task["name"], task["call"]) as holder:
            if holder.starts > 1 + task["retries"]:
                return {"status": "failed", "message": f"its worker died {holder.starts - 1} times, each time it ran"}
            return work(noting(holder), looking_for(stop_file(Path(task["path"]), task["call"])))
    except InUseError as error:
        return {"status": "waiting", "message": str(error)}
    except KeyboardInterrupt:
        return {"status": "interrupted", "message": "interrupted before it could be saved"}
    except Exception as error:
        return {"status": "failed", "message": in_one_line(error)}


def in_one_line(error: BaseException) -> str:
    """Return an error as one line.

    Examples:
        >>> in_one_line(OSError(28, "No space left on device")), in_one_line(ValueError("seed must be a number."))
        ('OSError: [Errno 28] No space left on device', 'seed must be a number.')
    """
    text = " ".join(str(error).split())
    return text if isinstance(error, ValueError) else f"{type(error).__name__}: {text}".rstrip(": ")


def looking_for(file: Path) -> Callable[[], bool]:
    """Return a function that says whether a file exists; it looks about once a second."""
    due, found = 0.0, False

    def look() -> bool:
        nonlocal due, found
        if time.monotonic() >= due:
            due, found = time.monotonic() + BETWEEN_LOOKS, file.exists()
        return found

    return look


def noting(holder: Holder) -> Callable[[Record], None]:
    """Return a function that writes the step of each record into the lock's file, about once a second."""
    due = 0.0

    def note(record: Record) -> None:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + BETWEEN_LOOKS
            holder.note(step=int(record["step"]))

    return note
