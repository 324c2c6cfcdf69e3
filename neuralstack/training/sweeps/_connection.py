"""The connection to a Dask cluster: a scheduler that dies, or a worker with another version, ends in one clear line."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from typing import Any

from neuralstack._extras import extra

SECONDS_TO_CONNECT = 10.0
SECONDS_FOR_WORKERS = 60.0
SECONDS_FOR_VERSIONS = 20.0  # a worker that is stopped does not answer


@contextmanager
def dask_executor(address: str) -> Iterator[Executor]:
    """Connect to the scheduler of a Dask cluster, and yield its workers as an executor for `sweep`.

    Args:
        address: Its address, such as `tcp://host:8786`.

    Raises:
        ValueError: If there is no scheduler at the address, or it has no workers.
        ModuleNotFoundError: If Dask is not installed.
    """
    with extra("cluster"):
        import distributed
    try:
        client = distributed.Client(address, timeout=SECONDS_TO_CONNECT, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise ValueError(f"no Dask scheduler answers at {address!r} ({reason}): give the address it prints.") from None
    try:
        try:
            client.wait_for_workers(1, timeout=SECONDS_FOR_WORKERS)
        except TimeoutError:
            raise ValueError(f"the scheduler at {address!r} has no workers: start some, as dask worker does.") from None
        yield client.get_executor()
    finally:
        with suppress(OSError, TimeoutError):
            client.close(timeout=2)


def client_of(executor: Executor) -> Any:
    """Return the Dask client behind an executor, or None for another executor."""
    return getattr(executor, "_client", None) if type(executor).__module__.startswith("distributed.") else None


def require_connection(executor: Executor) -> None:
    """Check that an executor's cluster is still there, waiting for a connection that is being made again.

    Raises:
        ConnectionError: If its scheduler does not answer.
    """
    client, deadline = client_of(executor), time.monotonic() + SECONDS_TO_CONNECT
    if client is None:
        return
    while client.status == "connecting" and time.monotonic() < deadline:
        time.sleep(0.1)
    if client.status != "running":
        raise ConnectionError(
            "the Dask scheduler does not answer any more; nothing that was trained is lost: start it again, and repeat "
            "the same call."
        )


def require_same_version(executor: Executor) -> None:
    """Check that the workers of a cluster have this version of the package.

    Workers that do not answer in time are left to their cells, which check it again.

    Raises:
        ValueError: If one has another version, or none.
    """
    from neuralstack import __version__

    client = client_of(executor)
    if client is None:
        return
    answers: list[dict[str, Any]] = []
    asking = threading.Thread(  # which does not keep this process from ending
        target=lambda: answers.append(client.get_versions(packages=["neuralstack"])["workers"]), daemon=True
    )
    asking.start()
    asking.join(SECONDS_FOR_VERSIONS)
    for address, versions in (answers or [{}])[0].items():
        found = versions["packages"].get("neuralstack") if isinstance(versions, dict) else __version__
        if found != __version__:
            has = f"neuralstack {found}" if found else "no neuralstack"
            raise ValueError(
                f"the worker at {address} has {has}: install version {__version__}, which this process has."
            )
