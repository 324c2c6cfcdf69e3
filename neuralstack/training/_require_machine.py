"""The check of commands that look into a machine or round it that a run has one."""

from pathlib import Path
from typing import Any

from neuralstack.machine import Machine


def require_machine(model: Any, path: str | Path) -> Machine:
    """Return the model of a run if it is a machine, whose controller acts on a memory at each step.

    Args:
        model: The model.
        path: The directory of its run.

    Raises:
        ValueError: If it is another network, which has no actions to show or to round.
    """
    if not isinstance(model, Machine):
        raise ValueError(
            f"{str(path)!r} has a {type(model).__name__}, which cannot be hardened, traced or viewed, since no "
            "controller acts on a memory step by step in it: give the run of a recurrent controller, such as gru."
        )
    return model
