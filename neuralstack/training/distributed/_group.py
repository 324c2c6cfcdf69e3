"""The devices of all processes that train together, and what these tell each other."""

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
        """The devices, of which each trains on its rows of a batch."""
        self._peers = peers or Peers(0, ())

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

    def tell(self, value: Any, content: bytes = b"") -> None:
        """Tell all other processes something, as process 0."""
        self._peers.send("value", value, content)

    def hear(self) -> Message:
        """Return what process 0 tells next.

        Raises:
            LostProcessError: If it, or another process, has ended.
        """
        (message,) = self._peers.next_of_each()
        return message

    def ask_to_stop(self) -> None:
        """Ask process 0 to stop training, as Ctrl-C in process 0 does."""
        self._peers.send("stop")

    def asked_to_stop(self) -> bool:
        """Return whether another process has asked process 0 to stop."""
        return self._peers.asked_to_stop.is_set()
