"""The start of a training by several processes."""

import ctypes
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import jax
import jax.numpy as jnp
from jax.sharding import Mesh, PartitionSpec

from neuralstack.training._shards import Shards
from neuralstack.training.distributed._group import DeviceGroup
from neuralstack.training.distributed._meeting import meet
from neuralstack.training.distributed._on_devices import on_all
from neuralstack.training.distributed._peers import Peers, end_process
from neuralstack.training.distributed._place import Place, find_place

PATIENCE = 120.0  # seconds to wait for the other processes
LONGEST_WAIT = 86400.0
CONNECT = 60  # seconds that JAX has to connect processes that have met


@contextmanager
def join_processes(
    coordinator: str | None = None,
    *,
    processes: int | None = None,
    process: int | None = None,
    join_within: float = PATIENCE,
) -> Iterator[DeviceGroup]:
    """Join this process with others that make the same call, and yield the devices of all of them.

    It must come before anything is computed. Under SLURM, Open MPI or Kubernetes, JAX knows the arguments; where there
    is no cluster and none are given, the devices are those of this process. If one of the processes ends, the others
    end within a minute: what the main thread does not notice itself ends the process, with one line on standard error.

    Args:
        coordinator: Host and port at which process 0 waits for the others, such as `node-1:1234`.
        processes: The number of processes.
        process: Which of them this is, from 0.
        join_within: Seconds to wait for all of them.

    Yields:
        The devices, for `train(..., devices=...)`.

    Raises:
        ValueError: If the arguments are incomplete, or a process has other versions.
        LostProcessError: If a process did not come in time, or has ended.

    Examples:
        >>> import neuralstack as ns
        >>> with ns.join_processes() as devices:  # doctest: +SKIP
        ...     ns.train(ns.configure("reversal"), "runs/wide", devices=devices)
    """
    if not 0 < join_within <= LONGEST_WAIT:
        raise ValueError(f"join_within must be a number of seconds up to a day, more than 0, got {join_within}.")
    place = find_place(coordinator, processes, process)
    if place is None or place.processes == 1:
        yield DeviceGroup()
        return
    channels, port = meet(place, join_within)
    _wait_in_abort()
    peers = Peers(place.process, tuple(channels))
    try:
        _connect(place, port)
        group = DeviceGroup(peers)
        _exchange(group.mesh)
        yield group
    except BaseException as error:
        peers.close(error)
        raise
    peers.close()
    jax.distributed.shutdown()
    with suppress(ValueError):  # not the main thread
        signal.signal(signal.SIGABRT, signal.SIG_DFL)


def _connect(place: Place, port: int) -> None:
    """Let JAX connect the processes."""
    address = place._replace(port=port).address
    blocked = f"process {place.process} does not reach JAX's coordinator at {address}: let nothing block that port"
    timer = threading.Timer(CONNECT + 1, end_process, (blocked,))  # JAX would abort the process with pages
    timer.daemon = True
    timer.start()
    jax.distributed.initialize(
        address,
        place.processes,
        place.process,
        local_device_ids=place.local_devices,
        cluster_detection_method="deactivate",
        initialization_timeout=CONNECT,
        shutdown_timeout_seconds=30,
    )
    timer.cancel()


def _exchange(mesh: Mesh) -> None:
    """Exchange a number between all devices, as every step of a training will, so that they are connected."""
    everywhere = PartitionSpec()
    total = jax.shard_map(
        Shards(mesh.size).total, mesh=mesh, in_specs=everywhere, out_specs=everywhere, check_vma=False
    )
    with _quiet_output():
        jax.block_until_ready(jax.jit(total)(on_all(jnp.zeros(()), mesh)))  # on each device of this process


@contextmanager
def _quiet_output() -> Iterator[None]:
    """Discard what C++ prints: the collectives of a CPU report on standard output that they are connected."""
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def _wait_in_abort() -> None:
    """Let a thread that aborts the process first wait for some seconds.

    JAX aborts every process as soon as the coordinator, which is in process 0, is gone. In the meantime the watch says
    in one line what has happened. The C library's `sleep` is the handler: it is called with the number of the signal,
    6, and runs in the thread that aborts.
    """
    with suppress(AttributeError, OSError):
        library = ctypes.CDLL(None)
        library.signal.argtypes, library.signal.restype = [ctypes.c_int, ctypes.c_void_p], ctypes.c_void_p
        library.signal(signal.SIGABRT, ctypes.cast(library.sleep, ctypes.c_void_p))
