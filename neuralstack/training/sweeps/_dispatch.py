"""Cells given to an executor: those of a dead worker are given out again, those of another process awaited."""

import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

from neuralstack.training._interrupt import defer_keyboard_interrupt
from neuralstack.training.sweeps._cell import Answer, in_one_line, stop_file
from neuralstack.training.sweeps._connection import require_connection
from neuralstack.training.sweeps._local_workers import LocalWorkers
from neuralstack.training.sweeps._lock import record_of

TICK = 0.1  # seconds between two looks at what has ended
SOON, LATER = 0.5, 2.0  # seconds until a cell is given out again: after a loss, and while another process trains it
PATIENCE = 8.0  # seconds that cells have to save a checkpoint after an interrupt


Show = Callable[[Mapping[str, Answer], Mapping[str, str]], None]
"""A function that takes what became of cells so far, and who holds those that are waiting."""


def new_call() -> str:
    """Return a name for one call of a sweep, which no other call has."""
    return secrets.token_hex(8)


class Dispatcher:
    """Cells given to an executor until each has ended.

    Args:
        work: The work of a cell: a module-level function from a task, which is plain data, to an `Answer`.
        tasks: The task of each cell by its name; see `guarded` for what it holds.
        executor: The executor; a `ProcessPoolExecutor` that breaks is replaced by one like it.
        retries: How often a cell is given out again after its worker was lost.
        on_answer: Called with the name and the answer of each cell that has ended.
    """

    def __init__(
        self,
        work: Callable[[dict[str, Any]], Answer],
        tasks: Mapping[str, dict[str, Any]],
        executor: Executor,
        *,
        retries: int,
        on_answer: Callable[[str, Answer], None] = lambda name, answer: None,
    ):
        self._work, self._tasks, self._retries, self._on_answer = work, tasks, retries, on_answer
        self._executor, self._own = executor, False
        self._futures: dict[Future, str] = {}
        self._due = dict.fromkeys(tasks, 0.0)
        self._given: Counter[str] = Counter()
        self._losses: Counter[str] = Counter()
        self._starts: Counter[str] = Counter()
        self._barren = 0  # breaks of the executor in a row during which no cell began
        self._answers: dict[str, Answer] = {}
        self._waiting: dict[str, str] = {}

    def run(self, show: Show, ended: Mapping[str, Answer] = MappingProxyType({})) -> dict[str, Answer]:
        """Return the answer of each cell once all have ended, those that had ended before included.

        Args:
            show: Called several times a second.
            ended: The cells that had ended before.

        Raises:
            KeyboardInterrupt: If Ctrl-C was pressed; what is being trained is saved first.
            ConnectionError: If the executor can do no more.
        """
        try:
            with defer_keyboard_interrupt() as interrupted:
                while len(self._answers) < len(self._tasks):
                    if interrupted():
                        self._stop()
                        raise KeyboardInterrupt
                    self._give_out()
                    self._collect()
                    show({**ended, **self._answers}, self._waiting)
        finally:
            for future in self._futures:
                future.cancel()
            if self._own:
                self._executor.shutdown(wait=False, cancel_futures=True)
        return {**ended, **self._answers}

    def _give_out(self) -> None:
        """Give the cells that are due to the executor."""
        now = time.monotonic()
        names = [name for name, due in self._due.items() if due <= now]
        if names:
            require_connection(self._executor)
        for name in names:
            self._given[name] += 1
            try:
                # The number makes each time another computation: Dask would return the result of an equal one.
                future = self._executor.submit(self._work, self._tasks[name] | {"given": self._given[name]})
            except BrokenExecutor as error:
                self._renew(error)
                return
            del self._due[name]
            self._futures[future] = name

    def _collect(self) -> None:
        """Take what has ended."""
        if not self._futures:
            time.sleep(TICK)
            return
        broken, lost = None, []
        for future in wait(self._futures, timeout=TICK, return_when=FIRST_COMPLETED).done:
            name = self._futures.pop(future)
            error = ConnectionError("it was cancelled") if future.cancelled() else future.exception()
            if error is None:
                self._take(name, future.result())
            elif isinstance(error, BrokenExecutor):
                broken = error
                lost.append(name)
            else:
                self._lose(name, error)
        if broken is not None:
            self._due |= dict.fromkeys(lost, time.monotonic() + SOON)
            begun = [name for name in lost if self._has_begun(name)]
            self._barren = 0 if begun else self._barren + 1
            self._renew(broken)

    def _has_begun(self, name: str) -> bool:
        """Return whether the work on a cell has begun since it was last lost."""
        task = self._tasks[name]
        record = record_of(Path(task["path"]), name)
        starts = int(record.get("starts", 0)) if record.get("call") == task["call"] else 0
        before, self._starts[name] = self._starts[name], starts
        return starts > before

    def _take(self, name: str, answer: Answer) -> None:
        """Take the answer of a cell, or give it out again if it has not ended."""
        self._waiting.pop(name, None)
        self._barren = 0
        if answer["status"] == "waiting":
            self._waiting[name] = answer["message"]
            self._due[name] = time.monotonic() + LATER
        elif answer["status"] == "interrupted":  # only its worker was
            self._due[name] = time.monotonic() + SOON
        else:
            self._answers[name] = answer
            self._on_answer(name, answer)

    def _lose(self, name: str, error: BaseException) -> None:
        """Give a cell out again whose worker was lost, unless that happened too often."""
        require_connection(self._executor)
        self._losses[name] += 1
        if self._losses[name] > self._retries:
            message = f"its worker was lost {self._losses[name]} times; the last time: {in_one_line(error)}"
            self._take(name, {"status": "failed", "message": message})
        else:
            self._due[name] = time.monotonic() + SOON

    def _renew(self, error: BrokenExecutor) -> None:
        """Replace a pool of processes that is broken; workers that are replaced one by one go on.

        Raises:
            ConnectionError: If the executor is of another kind, or no worker starts.
        """
        if self._barren > self._retries:
            raise ConnectionError(f"no worker starts ({in_one_line(error)}): see what the workers print.") from error
        if isinstance(self._executor, LocalWorkers):
            return
        if not isinstance(self._executor, ProcessPoolExecutor):
            raise ConnectionError(f"the executor can do no more ({in_one_line(error)}): call again with another one.")
        before: Any = self._executor
        before.shutdown(wait=False)
        names = ("_max_workers", "_mp_context", "_initializer", "_initargs")
        self._executor, self._own = ProcessPoolExecutor(*(getattr(before, name) for name in names)), True

    def _stop(self) -> None:
        """Stop the cells, and give those of this computer some seconds to save a checkpoint."""
        task = next(iter(self._tasks.values()))
        with suppress(OSError):
            stop_file(Path(task["path"]), task["call"]).touch()
        for future in self._futures:
            future.cancel()
        wait([future for future in self._futures if not future.cancelled()], timeout=PATIENCE)
        if isinstance(self._executor, LocalWorkers):
            self._executor.kill()
