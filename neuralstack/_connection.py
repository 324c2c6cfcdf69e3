"""Connections between the controller, the memory and the answer of a machine."""

from dataclasses import dataclass, fields
from typing import Any

from neuralstack._lookup import lookup

ANSWERS = ("read", "controller", "both")
LARGEST = 1e6  # factor


@dataclass(frozen=True)
class Connection:
    """A connection between the controller, the memory and the answer of a machine.

    Raises:
        ValueError: If `answer_from` is unknown, an option is of another type, or a number is out of range.

    Examples:
        >>> import neuralstack as ns
        >>> ns.Connection(answer_from="both") == ns.CONNECTIONS["skip"]
        True
    """

    feedback: float = 0.0
    """Factor on the previous read as an input of the controller; 0 disables the feedback.

    The smaller it is, the more slowly the feedback is learned, since Adam's steps do not depend on the scale.
    """
    value_sees_input: bool = True
    """Whether the embedding of the token is added to the pushed value."""
    answer_from: str = "read"
    """Source of the answer: `read` (of the same step), `controller` or `both`."""
    gate_scale: float = 2.0
    """Factor on the initial weights of the gates (push and pop strengths)."""
    value_scale: float = 1.0
    """Factor on the initial weights from the controller to the values; a small one lets the embedding prevail."""
    embedding_scale: float = 0.125
    """Standard deviation of the initial embeddings."""
    gates_see_state: bool = True
    """Whether the hidden vector of the controller acts on the gates; without it, they follow from the token or the
    previous read alone, so that the controller cannot keep in its own state what belongs in the memory."""
    gates_see_input: bool = False
    """Whether the embedding of the token acts on the gates directly, not only through the state of the controller: for
    actions that follow from the token at once."""
    gates_see_read: bool = False
    """Whether the previous read acts on the gates directly: for actions that follow from what lies on top."""
    values_repeat_read: bool = False
    """Whether the previous read is added to the pushed value, as far as a learned gate opens: what was read can be
    pushed again, so that a queue rotates."""
    value_constant: bool = False
    """Whether the first number of every pushed value is always 1: the read then shows how full the memory is."""

    @property
    def sees_read(self) -> bool:
        """Whether the controller or an action depends on the previous read: then each step needs the one before."""
        return bool(self.feedback) or self.gates_see_read or self.values_repeat_read

    @property
    def has_direct_paths(self) -> bool:
        """Whether anything but the controller's hidden vector and the embedding of the token makes an action."""
        return self.gates_see_input or self.gates_see_read or self.values_repeat_read or self.value_constant

    def __post_init__(self):
        for field in fields(self):
            _check(field.name, getattr(self, field.name), type(field.default))
        if self.answer_from not in ANSWERS:
            raise ValueError(f"answer_from must be one of {', '.join(ANSWERS)}, got {self.answer_from!r}.")
        if not (self.gates_see_state or self.gates_see_input or self.gates_see_read):
            raise ValueError(
                "gates must see something, got gates_see_state=False without gates_see_input or gates_see_read: set "
                "one of them to True."
            )


def _check(name: str, value: Any, kind: type) -> None:
    """Check one option of a connection.

    Raises:
        ValueError: If it is of another type, or a number from outside its range.
    """
    if kind is bool and not isinstance(value, bool):
        raise ValueError(f"{name} must be True or False, got {value!r}.")
    if kind is not float:
        return
    low = -LARGEST if name == "feedback" else 0
    if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= LARGEST:
        raise ValueError(f"{name} must be a number from {low:g} to {LARGEST:g}, got {repr(value)[:100]}.")


CONNECTIONS = {
    "layer": Connection(),
    "feedback": Connection(feedback=0.01),
    "skip": Connection(answer_from="both"),
    "paper": Connection(feedback=1.0, value_sees_input=False, answer_from="controller", gate_scale=1.0),
}
"""The published connections.

- `layer`: the controller does not see the reads, so the memory is a layer over time; the embedding is added to the
  value, and the answer comes from the memory alone. Nearly every seed learns, some after a restart.
- `feedback`: `layer` with the previous read as an input of the controller, weak at first: for tasks whose actions
  depend on the reads.
- `skip`: `layer` with a connection from the controller to the answer: for answers that do not follow from the read
  alone.
- `paper`: Grefenstette et al. (2015), section 3.4, exactly: $(o'_t, h_t) = \\mathrm{RNN}((i_t, r_{t-1}), h_{t-1})$,
  $d_t = \\sigma(W_d o'_t + b_d)$, $u_t = \\sigma(W_u o'_t + b_u)$, $v_t = \\tanh(W_v o'_t + b_v)$,
  $o_t = \\tanh(W_o o'_t + b_o)$. Without a memory it is a plain network.
"""


def as_connection(connection: Any) -> Connection:
    """Return a connection, given the connection itself or its name.

    Raises:
        TypeError: If the argument is neither a connection nor a name.
        ValueError: If no connection has that name.
    """
    if isinstance(connection, str):
        return lookup("connection", CONNECTIONS, connection)
    if not isinstance(connection, Connection):
        names = ", ".join(CONNECTIONS)
        raise TypeError(f"connection must be an ns.Connection or one of {names}, got {connection!r}.")
    return connection
