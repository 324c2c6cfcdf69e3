"""The options that name a user's own parts of a run. Nothing here imports JAX."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuralstack.cli._kinds import Reference

if TYPE_CHECKING:
    from neuralstack.training import OwnParts


@dataclass(frozen=True, kw_only=True)
class OwnOptions:
    """Names of the run's parts that are in your own file or package; they are executed."""

    task: Reference = None
    """The run's task, if it is in your own file or package, which is executed."""
    memory: Reference = None
    """The run's memory, if it is in your own file or package, which is executed."""
    controller: Reference = None
    """The run's controller, if it is in your own file or package, which is executed."""

    @property
    def own(self) -> "OwnParts":
        """The names of the parts that were given."""
        return {"task": self.task, "memory": self.memory, "controller": self.controller}
