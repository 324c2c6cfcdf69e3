"""The file `text.json` of a run: which version of a text it was trained on."""

from dataclasses import replace
from pathlib import Path

from neuralstack._files import read_bounded
from neuralstack._json import parse_json, to_json_text
from neuralstack.tasks import AbstractTask, Characters, TextVersion

TEXT_RECORD = "text.json"


def record_of_text(task: AbstractTask) -> str | None:
    """Return the file's content, or None for a task that is not of a text.

    Raises:
        ValueError: If the text cannot be read.
    """
    version = task.pinned.version if isinstance(task, Characters) else None
    return None if version is None else to_json_text(version._asdict()) + "\n"


def read_text_record(path: Path) -> TextVersion | None:
    """Read the file; None where there is none, as in runs of earlier versions.

    Raises:
        ValueError: If the file is broken.
    """
    if not path.exists():
        return None
    try:
        record = parse_json(read_bounded(path))
        if not isinstance(record, dict) or set(record) != set(TextVersion._fields):
            raise ValueError(f"it is not an object of {', '.join(TextVersion._fields)}")
        if not all(isinstance(value, str) for value in record.values()):
            raise ValueError("its values must be texts")
    except (OSError, ValueError) as error:
        raise ValueError(f"{str(path)!r} is broken ({error}): restore it.") from None
    return TextVersion(**record)


def require_same_text(run: str | Path, task: AbstractTask) -> None:
    """Refuse to continue a run on another text than it was begun with, if it is of a text and says which.

    Raises:
        ValueError: If the text was changed, or is not where the task says.
    """
    version = read_text_record(Path(run) / TEXT_RECORD) if isinstance(task, Characters) else None
    if version is not None:
        pinned_task(replace(task, version=version))


def pinned_task(task: AbstractTask) -> AbstractTask:
    """Return a task whose data cannot change any more without being refused."""
    return task.pinned if isinstance(task, Characters) else task
