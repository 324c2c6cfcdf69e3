"""The options that name a user's own parts of a run. Nothing here imports JAX."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from tyro.conf import arg

if TYPE_CHECKING:
    from neuralstack.training import OwnParts

Reference = Annotated[str | None, arg(metavar="FILE.py:NAME", help_behavior_hint="")]


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
