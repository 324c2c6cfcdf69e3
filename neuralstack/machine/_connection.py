"""How a controller, a memory and the answer of a machine are joined."""

from typing import NamedTuple


class Connection(NamedTuple):
    """How a controller, a memory and the answer are joined."""

    feedback: float
    """What the last read is multiplied by on its way into the controller; at 0 it does not go there.

    The weights behind it learn as much slower as this is smaller, since Adam's steps do not depend on the scale.
    """
    value_sees_input: bool
    """Whether the pushed value is the embedding plus what the controller adds, or the controller's alone."""
    answer_from: str
    """What the answer comes from: `read`, what was read at the same step; `controller`; or `both`."""
    input_scale: float
    """What the controller's input weights are multiplied by at the start."""
    gate_scale: float
    """What the weights behind the strengths are multiplied by at the start."""


CONNECTIONS = {
    "layer": Connection(feedback=0.0, value_sees_input=True, answer_from="read", input_scale=0.3, gate_scale=2.0),
    "feedback": Connection(feedback=0.01, value_sees_input=True, answer_from="read", input_scale=0.3, gate_scale=2.0),
    "mixed": Connection(feedback=0.0, value_sees_input=True, answer_from="both", input_scale=0.3, gate_scale=2.0),
    "paper": Connection(
        feedback=1.0, value_sees_input=False, answer_from="controller", input_scale=1.0, gate_scale=1.0
    ),
}
"""The ways to wire a machine.

- `layer`: the read does not go back to the controller, so that the memory is a layer over time; the value sees the
  input and the answer can only come from the memory. Nearly every seed learns, some after a restart.
- `feedback`: the same, with the read going back, quietly at first: for tasks whose actions depend on what is read.
- `mixed`: as `layer`, but the controller has a part in the answer: for answers that do not follow from the read alone.
- `paper`: Grefenstette et al. (2015), section 3.4, exactly: $(o'_t, h_t) = \\mathrm{RNN}((i_t, r_{t-1}), h_{t-1})$,
  $d_t = \\sigma(W_d o'_t + b_d)$, $u_t = \\sigma(W_u o'_t + b_u)$, $v_t = \\tanh(W_v o'_t + b_v)$,
  $o_t = \\tanh(W_o o'_t + b_o)$. It is also the connection of a machine without memory, which then is a plain network.
"""
