"""The file `text.json` of a run, which identifies the version of the text it was trained on."""

from dataclasses import replace
from pathlib import Path

from neuralstack._files import read_bounded
from neuralstack._json import parse_json, to_json_text
from neuralstack.tasks import AbstractTask, Characters, TextVersion

TEXT_RECORD = "text.json"


def record_of_text(task: AbstractTask) -> str | None:
    """Return the file's content, or None for a task without a text.

    Raises:
        ValueError: If the text cannot be read.
    """
    version = task.pinned.version if isinstance(task, Characters) else None
    return None if version is None else to_json_text(version._asdict()) + "\n"


def read_text_record(path: Path) -> TextVersion | None:
    """Read the file; return None if there is none, as in runs of earlier versions.

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
    """Check that a run that recorded the version of its text is resumed with the same text.

    Raises:
        ValueError: If the text has changed, or is not where the task says.
    """
    version = read_text_record(Path(run) / TEXT_RECORD) if isinstance(task, Characters) else None
    if version is not None:
        pinned_task(replace(task, version=version))


def pinned_task(task: AbstractTask) -> AbstractTask:
    """Return a task whose data is refused if it changes from now on."""
    return task.pinned if isinstance(task, Characters) else task
