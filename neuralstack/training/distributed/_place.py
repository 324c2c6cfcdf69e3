"""The place of this process among those that train together: as given, or as the cluster says."""

from typing import NamedTuple

NEEDED = "give the coordinator as HOST:PORT, the number of processes, and which of them this is, from 0"


class Place(NamedTuple):
    """The place of one process among several."""

    host: str
    """The host of process 0."""
    port: int
    """The port on which it waits for the others."""
    processes: int
    """The number of processes."""
    process: int
    """Which of them this one is, from 0."""
    local_devices: list[int] | None = None
    """The accelerators of the host that are this process's, if the cluster assigns them."""

    @property
    def address(self) -> str:
        """The address of process 0."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def find_place(coordinator: str | None, processes: int | None, process: int | None) -> Place | None:
    """Return the place of this process, or None if nothing is given and no cluster has started this process.

    Raises:
        ValueError: If only a part is given, or it is out of range.
    """
    given = coordinator, processes, process
    if given == (None, None, None):
        return _place_in_cluster()
    if coordinator is None or processes is None or process is None:
        names = zip(("coordinator", "processes", "process"), given, strict=True)
        missing = " and ".join(name for name, value in names if value is None)
        raise ValueError(f"{missing} must be given as well: {NEEDED}; in a job of a cluster, none of them.")
    if processes < 1:
        raise ValueError(f"processes must be at least 1, got {processes}: {NEEDED}.")
    if not 0 <= process < processes:
        raise ValueError(f"process must be from 0 to {processes - 1} for processes={processes}, got {process}.")
    return Place(*host_and_port(coordinator), processes, process)


def host_and_port(address: str) -> tuple[str, int]:
    """Return the two parts of an address.

    Raises:
        ValueError: If it is none.

    Examples:
        >>> host_and_port("node-1:1234"), host_and_port("[::1]:1234")
        (('node-1', 1234), ('::1', 1234))
    """
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise ValueError(f"coordinator must be HOST:PORT, such as node-1:1234, got {address!r}.")
    return host, int(port)


def _place_in_cluster() -> Place | None:
    """Return the place of this process in a SLURM, Open MPI or Kubernetes job, as JAX finds it.

    Raises:
        ValueError: If the job lacks something.
    """
    from jax._src.clusters import ClusterEnv  # what `jax.distributed.initialize` asks, before it connects

    try:
        found = ClusterEnv.auto_detect_unset_distributed_params(None, None, None, None, None, 60)
    except (RuntimeError, KeyError) as error:
        raise ValueError(f"the cluster's job cannot be used: {' '.join(str(error).split())}") from error
    address, count, index, local_devices = found
    if address is None or count is None or index is None:
        return None
    return Place(*host_and_port(address), count, index, None if local_devices is None else [*local_devices])
