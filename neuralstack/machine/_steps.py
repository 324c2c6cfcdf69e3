"""Records of the steps of a machine."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
from jaxtyping import Array, Float, PyTree


class Step(NamedTuple):
    """A record of one step of a machine, or of every step of a sequence.

    Attributes:
        logits: Logits of the answer, of shape `[*steps, vocab_size]`.
        action: Action on the memory.
        read: Read of the memory after the action.
        strengths: Strength that is left of each element of the memory.
        hidden: Hidden vector of the controller.
    """

    logits: Float[Array, "*steps vocab"]
    action: Any
    read: Float[Array, "*steps read"]
    strengths: Float[Array, "*steps cells"]
    hidden: Float[Array, "*steps hidden"]

    def __repr__(self) -> str:
        return eqx.tree_pformat(self)


class BatchSteps(NamedTuple):
    """A record of every step of a batch, time first, for training.

    Attributes:
        logits: Logits of the answers.
        action: Actions on the memory.
        hidden: Hidden vectors of the controller.
        raw_action: Raw numbers from which the actions were decoded.
        state: States of the controller and of the readout after the last step. Detached: carrying them into the next
            chunk gives truncated backpropagation through time.
    """

    logits: Float[Array, "steps batch vocab"]
    action: Any
    hidden: Float[Array, "steps batch hidden"]
    raw_action: Float[Array, "steps batch action"]
    state: PyTree[Float[Array, "batch ..."]]

    def __repr__(self) -> str:
        return eqx.tree_pformat(self)


class MachineState(NamedTuple):
    """State of a machine between two steps.

    Attributes:
        controller: State of the controller.
        memory: State of the memory.
        read: The last read.
        readout: State of the readout; an empty tuple without one.
    """

    controller: PyTree[Array]
    memory: PyTree[Array]
    read: Float[Array, " read"]
    readout: PyTree[Array] = ()


Decode = Callable[[Array, Any], Any]
"""A function that maps the raw numbers of an action, and further inputs of its step, to the action of one example."""
