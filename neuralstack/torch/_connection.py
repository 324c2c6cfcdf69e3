"""The maps between controller, memory and answer that a `Connection` chooses."""

import torch
from torch import Tensor, nn

from neuralstack._connection import Connection
from neuralstack.torch._controllers import AbstractController, glorot
from neuralstack.torch._memory import AbstractMemory
from neuralstack.torch._rounding import Rounding, unrounded

REPEAT_BIAS = -1.0  # at first, little of what was read is pushed again
CONSTANT = 20.0  # its hyperbolic tangent is 1 in single and in double precision


class Actions(nn.Module):
    """The raw numbers of an action: linear maps of the hidden vector, the embedded token and the previous read.

    Each head is drawn as a separate matrix. In a joint one the strengths would start with the small weights of a wide
    value, and a machine whose strengths do not soon differ between reading and answering gets stuck.

    Args:
        connection: The connection, which says what the gates and the values see.
        memory: The memory that is acted on.
        embedding_dim: Width of an embedded token.
        hidden: Width of a hidden vector.

    Raises:
        ValueError: If the memory's values do not fit the connection.
    """

    def __init__(self, connection: Connection, memory: AbstractMemory, embedding_dim: int, hidden: int):
        super().__init__()
        _check(connection, memory)
        gate_widths, self.value_widths = memory.gate_widths, memory.value_widths
        self.num_gates = gates = sum(gate_widths)
        heads = [connection.gate_scale * glorot(hidden, width) for width in gate_widths]
        values = [connection.value_scale * glorot(hidden, width) for width in self.value_widths]
        seeing = [*heads, *values] if connection.gates_see_state else values
        self.action_weights = nn.Parameter(torch.cat([torch.zeros(hidden, 0), *seeing], 1))
        self.action_bias = nn.Parameter(memory.initial_bias())
        self.value_sees_input, self.value_constant = connection.value_sees_input, connection.value_constant
        mapped = enumerate(self.value_widths if connection.value_sees_input else ())
        self.input_maps = nn.ParameterDict({  # values as wide as the embedding need no map
            str(number): glorot(embedding_dim, width)
            for number, width in mapped
            if not (gate_widths and width == embedding_dim)
        })  # fmt: skip
        repeats = len(self.value_widths) if connection.values_repeat_read else 0
        reached = gates + repeats
        self.gates_from_input = _parameter(glorot(embedding_dim, reached), connection.gates_see_input)
        self.gates_from_read = _parameter(glorot(memory.read_size, reached), connection.gates_see_read)
        self.repeat_weights = _parameter(glorot(hidden, repeats), repeats > 0)
        self.repeat_bias = _parameter(torch.full((repeats,), REPEAT_BIAS), repeats > 0)

    def forward(
        self, hidden: Tensor, embedded: Tensor, read: Tensor | None = None, rounding: Rounding = unrounded
    ) -> Tensor:
        """Return the raw numbers `[..., action_size]`; the previous read is needed where an action depends on it."""
        raw = self._from_hidden(hidden)
        gates, values = raw[..., : self.num_gates], raw[..., self.num_gates :]
        if self.value_sees_input and self.value_widths:
            values = values + torch.cat(
                [self._mapped(embedded, number) for number in range(len(self.value_widths))], -1
            )
        if self.repeat_weights is not None and self.repeat_bias is not None:
            gates = torch.cat([gates, hidden @ self.repeat_weights + self.repeat_bias], -1)
        if self.gates_from_input is not None:
            gates = gates + embedded @ self.gates_from_input
        if self.gates_from_read is not None and read is not None:
            gates = gates + read @ self.gates_from_read
        gates, repeat = gates[..., : self.num_gates], gates[..., self.num_gates :]
        if self.repeat_weights is not None and read is not None:
            widths = torch.tensor(self.value_widths, device=repeat.device)
            values = values + rounding(repeat.sigmoid()).repeat_interleave(widths, -1) * read
        if self.value_constant:
            pieces = values.split(self.value_widths, -1)
            values = torch.cat([nn.functional.pad(piece[..., 1:], (1, 0), value=CONSTANT) for piece in pieces], -1)
        return torch.cat([gates, values], -1)

    def _from_hidden(self, hidden: Tensor) -> Tensor:
        """Return the part that comes from the controller: zeros for gates that do not see its state."""
        blind = len(self.action_bias) - self.action_weights.shape[1]
        return nn.functional.pad(hidden @ self.action_weights, (blind, 0)) + self.action_bias

    def _mapped(self, embedded: Tensor, number: int) -> Tensor:
        name = str(number)
        return embedded @ self.input_maps[name] if name in self.input_maps else embedded


class Answer(nn.Module):
    """The logits: a function of the hidden vector, the read or both, or of a second controller that sees them.

    Args:
        answer_from: Source of the answer: `read`, `controller` or `both`.
        read_size: Width of a read.
        hidden: Width of a hidden vector.
        vocab_size: Number of different tokens.
        readout: The second controller, or None.
    """

    def __init__(
        self, answer_from: str, read_size: int, hidden: int, vocab_size: int, readout: AbstractController | None
    ):
        super().__init__()
        self.answer_from = answer_from
        source = {"read": read_size, "controller": hidden, "both": read_size + hidden}[answer_from]
        into, out = (hidden, hidden) if readout is None else (readout.input_size, readout.hidden_size)
        self.answer_weights = nn.Parameter(glorot(source, into))
        self.answer_bias = _parameter(torch.zeros(into), answer_from != "read")
        self.output_weights = nn.Parameter(glorot(out, vocab_size))
        self.output_bias = nn.Parameter(torch.zeros(vocab_size))
        self.readout = readout

    def init(self, batch: int, rounding: Rounding = unrounded) -> tuple:
        """Return the learned states of the readout, if there is one."""
        return () if self.readout is None else rounding(self.readout.init(batch))

    def forward(self, hidden: Tensor, read: Tensor, rounding: Rounding = unrounded) -> Tensor:
        """Return the logits `[batch, steps, vocab]` of whole sequences."""
        seen = self._seen(hidden, read)
        return self._output(seen if self.readout is None else self.readout.run(seen, rounding))

    def step(self, state: tuple, hidden: Tensor, read: Tensor, rounding: Rounding = unrounded) -> tuple[tuple, Tensor]:
        """Return the next states of the readout, if there is one, and the logits `[batch, vocab]` of one step."""
        seen = self._seen(hidden, read)
        if self.readout is not None:
            state, seen = self.readout.step(state, self.readout.project(seen), rounding)
        return state, self._output(seen)

    def _seen(self, hidden: Tensor, read: Tensor) -> Tensor:
        if self.answer_bias is None:
            return read @ self.answer_weights
        source = torch.cat([read, hidden], -1) if self.answer_from == "both" else hidden
        seen = source @ self.answer_weights + self.answer_bias
        return seen.tanh() if self.readout is None else seen

    def _output(self, seen: Tensor) -> Tensor:
        return seen @ self.output_weights + self.output_bias


def _parameter(initial: Tensor, wanted: bool) -> nn.Parameter | None:
    return nn.Parameter(initial) if wanted else None


def _check(connection: Connection, memory: AbstractMemory) -> None:
    """Check that a memory's values fit a connection.

    Raises:
        ValueError: If they do not.
    """
    if connection.answer_from == "read" and memory.read_size == 0:
        raise ValueError(
            f"the connection answers from the read of the memory, but {type(memory).__name__} reads nothing: use "
            "connection 'paper'."
        )
    if connection.values_repeat_read and sum(memory.value_widths) != memory.read_size:
        raise ValueError(
            "values_repeat_read needs a memory whose reads are as wide as its values, got "
            f"{memory.read_size} and {sum(memory.value_widths)} of {memory}."
        )
    if connection.value_constant and not memory.value_widths:
        raise ValueError(f"value_constant needs a memory with values, got {memory}: leave it out.")
