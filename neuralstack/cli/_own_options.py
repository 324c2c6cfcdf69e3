"""The options that name parts of a user's own in a run. Nothing here imports JAX."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from tyro.conf import arg

if TYPE_CHECKING:
    from neuralstack.training import OwnParts

Reference = Annotated[str | None, arg(metavar="FILE.py:NAME", help_behavior_hint="")]


@dataclass(frozen=True, kw_only=True)
class OwnOptions:
    """Names of the run's parts that are in a file or a package of yours; they are executed."""

    task: Reference = None
    """The run's task, where it is in a file or a package of yours, which is executed."""
    memory: Reference = None
    """The run's memory, where it is in a file or a package of yours, which is executed."""
    controller: Reference = None
    """The run's controller, where it is in a file or a package of yours, which is executed."""

    @property
    def own(self) -> "OwnParts":
        """The names of the parts that were given."""
        return {"task": self.task, "memory": self.memory, "controller": self.controller}
