"""The workers of a command: processes on this computer, or those of a Dask cluster."""

import logging
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager


@contextmanager
def workers_of(workers: int | None, dask: str | None) -> Iterator[Executor]:
    """Yield the workers that the options name, by default a process for each core.

    Raises:
        ValueError: If both are given, or there is no such cluster.
    """
    from neuralstack.training import LocalWorkers, dask_executor

    if dask is None:
        if workers is not None and not 1 <= workers <= 1024:
            raise ValueError(f"--workers must be at least 1 and at most 1024, got {workers}.")
        with LocalWorkers(workers) as processes:
            yield processes
        return
    if workers is not None:
        raise ValueError("give --workers or --dask, not both.")
    before = logging.root.manager.disable
    try:
        with dask_executor(dask) as executor:
            logging.disable(logging.CRITICAL)  # what is wrong is said in one line
            yield executor
    finally:
        logging.disable(before)
