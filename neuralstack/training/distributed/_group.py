"""The devices of all processes that train together, and what these tell each other."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import jax
from jax.sharding import Mesh

from neuralstack.training._shards import AXIS
from neuralstack.training.distributed._messages import Message
from neuralstack.training.distributed._peers import Peers


class DeviceGroup:
    """All devices that train together: those of this process, or of all processes that `join_processes` has joined.

    Args:
        peers: The connections to the other processes, if there are any.

    Examples:
        >>> import neuralstack as ns
        >>> ns.DeviceGroup().processes
        1
    """

    def __init__(self, peers: Peers | None = None):
        self.process = 0 if peers is None else peers.index
        """Which of the processes this is, from 0; process 0 writes the run."""
        self.processes = 1 if peers is None else jax.process_count()
        """The number of processes."""
        self.mesh = Mesh(jax.local_devices() if peers is None else jax.devices(), (AXIS,))
        """The devices, of which each trains on its rows of a batch, or the runs of a population that are its own."""
        self._peers = peers or Peers(0, ())
        self._owners = in_turn([device.process_index for device in self.mesh.devices.flat])

    def __repr__(self) -> str:
        return f"DeviceGroup(count={self.count}, process={self.process}, processes={self.processes})"

    @property
    def count(self) -> int:
        """The number of devices."""
        return self.mesh.size

    @property
    def leads(self) -> bool:
        """Whether this is process 0, which writes the run and decides for all."""
        return self.process == 0

    def owner(self, number: int) -> int:
        """Return the process that trains a run of a population, given the number of the run."""
        return self._owners[number % self.count]

    def check_size(self, name: str, size: int) -> None:
        """Check that what is spread over the devices gives each the same number of rows.

        Raises:
            ValueError: If it does not.
        """
        if size % self.count:
            below, above = size // self.count * self.count, -(-size // self.count) * self.count
            nearest = f"{below} or {above}" if below else f"{above}"
            raise ValueError(f"{name} must be a multiple of the {self.count} devices, got {size}: give {nearest}.")

    def require_same(self, options: dict[str, Any]) -> None:
        """Check that all processes were started with the same options.

        Raises:
            ValueError: If they were not.
        """
        if not self.leads:
            self._peers.send("value", options)
            return
        for index, (_, others, _) in enumerate(self._peers.next_of_each(), start=1):
            names = [name for name in sorted(options | others) if options.get(name) != others.get(name)]
            if names:
                found = ", ".join(f"{name}={others.get(name)!r}, not {options.get(name)!r}" for name in names)
                raise ValueError(f"process {index} was started with {found} as process 0: give all the same options.")

    def tell(self, value: Any, content: bytes = b"", *, to: int | None = None) -> None:
        """Tell process 0 something; as process 0, tell one of the others, or all of them."""
        self._peers.send("value", value, content, to=to)

    def hear(self) -> Message:
        """Return what process 0 tells next.

        Raises:
            LostProcessError: If it, or another process, has ended.
        """
        (message,) = self._peers.next_of_each()
        return message

    def arrived(self, within: float) -> list[Message]:
        """Return what each process that has told something told next; if none has, wait up to so many seconds.

        Raises:
            LostProcessError: If another process has ended.
        """
        return self._peers.arrived(within)

    def ask_to_stop(self) -> None:
        """Ask process 0 to stop training, as Ctrl-C in process 0 does; as process 0, let the others stop."""
        self._peers.send("stop")

    def asked_to_stop(self) -> bool:
        """Return whether another process has asked this one to stop."""
        return self._peers.asked_to_stop.is_set()

    def end_together(self) -> None:
        """Note that all processes know of an interrupt, so that each ends by itself with it."""
        self._peers.ended_together = True


def in_turn(processes: Sequence[int]) -> list[int]:
    """Return the processes of the devices in an order in which the first device of each comes first.

    So the runs of a population are spread evenly over processes, even if there are fewer runs than devices.

    Examples:
        >>> in_turn([0, 0, 0, 1, 1])
        [0, 1, 0, 1, 0]
    """
    seen: Counter[int] = Counter()
    ranks = []
    for process in processes:
        ranks.append((seen[process], process))
        seen[process] += 1
    return [process for _, process in sorted(ranks)]
