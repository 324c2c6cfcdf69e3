"""Worker processes on this computer, each with its share of the cores; one that dies is replaced."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import wait
from queue import SimpleQueue
from typing import Any

from neuralstack._runtime import cores_of_this_process


class LocalWorkers(Executor):
    """Processes on this computer as an executor for `sweep`, each with its share of the cores.

    Other than in a `ProcessPoolExecutor`, the death of one process ends only what it was doing, and another process
    takes its place. The processes start afresh, so a script that makes workers needs `if __name__ == "__main__":`.

    Args:
        count: Number of processes. Defaults to one for each core.

    Examples:
        >>> with LocalWorkers(1) as workers:
        ...     workers.submit(pow, 2, 5).result()
        32
    """

    def __init__(self, count: int | None = None):
        cores = cores_of_this_process()
        self._count = len(cores) if count is None else count
        if not 1 <= self._count <= 1024:
            raise ValueError(f"count must be at least 1 and at most 1024, got {count}: give a number of processes.")
        self._threads = ThreadPoolExecutor(self._count, initializer=block_ctrl_c)
        self._pools: dict[int, ProcessPoolExecutor] = {}
        self._cores = [share(cores, number, self._count) for number in range(self._count)]
        self._free: SimpleQueue[int] = SimpleQueue()
        for number in range(self._count):
            self._free.put(number)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future:
        """Let a process call a function as soon as one is free; if it dies meanwhile, the future says so."""
        return self._threads.submit(self._call, fn, args, kwargs)

    def _call(self, fn: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        number = self._free.get()
        try:
            if number not in self._pools:
                context = multiprocessing.get_context("spawn")
                settings: Any = {"initializer": prepare_process, "initargs": (self._cores[number],)}
                self._pools[number] = ProcessPoolExecutor(1, context, **settings)
            return self._pools[number].submit(fn, *args, **kwargs).result()
        except BrokenExecutor:
            self._pools.pop(number).shutdown(wait=False)
            raise
        finally:
            self._free.put(number)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes once they have done what was submitted, or what they are doing now."""
        self._threads.shutdown(wait, cancel_futures=cancel_futures)
        for pool in [*self._pools.values()]:
            pool.shutdown(wait, cancel_futures=cancel_futures)

    def kill(self) -> None:
        """End the processes at once, whatever they are doing."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for pool in [*self._pools.values()]:
            for process in [*(getattr(pool, "_processes", None) or {}).values()]:
                process.kill()


def share(cores: list[int], number: int, count: int) -> list[int]:
    """Return the cores of one of several processes, as many for each as possible, at least one.

    Examples:
        >>> [share([0, 1, 2, 3, 4], number, 2) for number in range(2)], share([6, 7], 5, 8)
        ([[0, 1], [2, 3, 4]], [7])
    """
    first, last = number * len(cores) // count, (number + 1) * len(cores) // count
    return cores[first:last] or [cores[number % len(cores)]]


def block_ctrl_c() -> None:
    """Block Ctrl-C in this thread, and in the processes it starts until they are prepared."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])


def prepare_process(cores: list[int]) -> None:
    """Settle a process on its cores before it computes anything, and let it end when the process that started it does.

    Ctrl-C, which a terminal sends to all processes, is left to that process, except during training, which saves a
    checkpoint.
    """
    from neuralstack._runtime import keep_memory, use_compilation_cache

    if hasattr(os, "sched_setaffinity"):
        with suppress(OSError):  # a core was taken away meanwhile
            os.sched_setaffinity(0, cores)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    threading.Thread(target=end_with_parent, daemon=True).start()
    keep_memory()
    use_compilation_cache()


def end_with_parent() -> None:
    """Wait for the end of the process that started this one, then end it too: training saves a checkpoint first."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)
