"""The options of a training by several processes. Nothing here imports JAX."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuralstack.cli._kinds import Flag, HostAndPort, Seconds, Whole

if TYPE_CHECKING:
    from neuralstack.training import DeviceGroup


@dataclass(frozen=True, kw_only=True)
class DistributedOptions:
    """Options that spread one training, or a population, over many devices."""

    distributed: Flag = False
    """Spread each batch, or with --seeds the runs, over all devices of all processes: those of a SLURM, Open MPI or
    Kubernetes job, those that meet at --coordinator, or else this one alone."""
    coordinator: HostAndPort = None
    """For distributed: where process 0 waits for the others; each process needs it, and the next two."""
    processes: Whole = None
    """For distributed: the number of processes."""
    process: Whole = None
    """For distributed: which of the processes this is, from 0."""
    join_within: Seconds = None
    """For distributed: seconds to wait until all processes are there (default: 120)."""

    @contextmanager
    def devices(self) -> "Iterator[DeviceGroup | None]":
        """Join the other processes, and yield the devices of all; None without --distributed.

        Raises:
            ValueError: If an option needs --distributed, or the processes do not fit together.
            LostProcessError: If a process did not come, or has ended.
        """
        names = ("coordinator", "processes", "process", "join_within")
        given = {name: value for name in names if (value := getattr(self, name)) is not None}
        if not self.distributed:
            if given:
                raise ValueError(f"--{next(iter(given)).replace('_', '-')} needs --distributed: give both.")
            yield None
            return
        from neuralstack.training import join_processes

        with join_processes(**given) as devices:
            yield devices
