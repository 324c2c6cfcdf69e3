"""A callback that writes curves for TensorBoard. Nothing here imports JAX."""

import time
from pathlib import Path
from typing import Any

from neuralstack.training._callbacks import Callback
from neuralstack.training._event_file import EventFile, event_files, require_no_event_files, writer_and_messages


class TensorBoard(Callback):
    """Callback that writes the curves of a training to event files, which TensorBoard shows.

    Each evaluation is on disk before training goes on. The members of a sweep write to directories of their own in this
    one, such as `seed-0`. Numbers are stored in single precision, with their names as tags.

    Args:
        directory: The directory of the event files, which is created.
        append: Whether to add to event files that are in the directory, as for a run that is resumed; otherwise, it
            must hold none.

    Raises:
        ModuleNotFoundError: If tensorboardX is not installed.
        ValueError: If the directory holds event files, or is a file.

    Examples:
        >>> import neuralstack as ns
        >>> callbacks = [ns.TensorBoard("curves/demo")]
    """

    def __init__(self, directory: str | Path, *, append: bool = False):
        writer_and_messages()  # missing packages are reported before anything is trained
        self._directory, self._append = Path(directory), append
        self._file: EventFile | None = None
        self._check()

    def on_start(self, config: Any) -> None:
        """Create the directory."""
        self._check()
        self._directory.mkdir(parents=True, exist_ok=True)

    def on_evaluation(self, step: int, metrics: dict[str, float]) -> None:
        """Write the numbers of an evaluation."""
        if self._file is None:
            self._file = EventFile(self._directory)
        self._file.write(step, metrics, time.time())

    def on_end(self, outcome: Any) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def of_member(self, name: str) -> "TensorBoard":
        """Return the callback of one run of a sweep, with a directory of its own."""
        return TensorBoard(self._directory / name, append=self._append)

    def _check(self) -> None:
        event_files(self._directory) if self._append else require_no_event_files(self._directory)
