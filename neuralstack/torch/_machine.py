"""A machine in PyTorch: an embedding, a controller, the memory it acts on, and an answer."""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from neuralstack._arguments import require_object
from neuralstack._connection import Connection, as_connection
from neuralstack.torch._cells import as_controller
from neuralstack.torch._connection import Actions, Answer
from neuralstack.torch._controllers import AbstractController, glorot
from neuralstack.torch._memory import AbstractMemory
from neuralstack.torch._rounding import all_rounded, unrounded
from neuralstack.torch._trees import stack_steps


class MachineState(NamedTuple):
    """The states of the parts of a machine, and the last read."""

    controller: Any
    memory: Any
    read: Tensor
    readout: Any


class Steps(NamedTuple):
    """The records of every step of a batch of sequences."""

    logits: Tensor
    action: Any
    read: Tensor
    hidden: Tensor


class Machine(nn.Module):
    """A controller that acts on a memory and maps tokens to logits.

    If the values of the memory and the embedding have different widths, a learned linear map connects them. Where
    nothing sees the reads but the answer, a whole sequence is one call of the memory; otherwise a machine runs step by
    step.

    Args:
        controller: The controller, such as `GRU(16, 32)` of this package; or an `nn.RNNCell`, `nn.GRUCell` or
            `nn.LSTMCell`.
        memory: The memory, such as `NeuralStack(16)`.
        vocab_size: Number of different tokens.
        connection: Connection between the parts: an `ns.Connection`, or the name of one of `ns.CONNECTIONS`.
        readout: A second controller, after the memory, from which the answer comes. Defaults to none.
        quantized: Whether all states, hidden vectors, gates and values are rounded to -1, 0 or 1.

    Raises:
        TypeError: If a part is not an object of its kind.
        ValueError: If the vocabulary is empty, or the connection is unknown or cannot join these parts.

    Examples:
        >>> import torch, neuralstack.torch as nst
        >>> machine = nst.Machine(torch.nn.GRUCell(8, 16), nst.HardStack(8), vocab_size=5)
        >>> machine(torch.tensor([[0, 3, 4], [1, 1, 2]])).shape
        torch.Size([2, 3, 5])
    """

    def __init__(
        self,
        controller: Any,
        memory: AbstractMemory,
        vocab_size: int,
        *,
        connection: Connection | str = "layer",
        readout: Any = None,
        quantized: bool = False,
    ):
        super().__init__()
        require_object("memory", memory, AbstractMemory, "neuralstack.torch.NeuralStack(8)")
        _check_sizes(memory, vocab_size, quantized)
        self.connection = as_connection(connection)
        self.controller: AbstractController = as_controller(controller)
        self.memory = memory
        self.quantized = quantized
        width, hidden = self.controller.input_size, self.controller.hidden_size
        self.embedding = nn.Parameter(self.connection.embedding_scale * torch.randn(vocab_size, width))
        fed = memory.read_size if self.connection.feedback else 0
        self.feedback = nn.Parameter(glorot(fed, self.controller.projected_size))
        self.actions = Actions(self.connection, memory, width, hidden)
        after = None if readout is None else as_controller(readout)
        self.answer = Answer(self.connection.answer_from, memory.read_size, hidden, vocab_size, after)

    @property
    def vocab_size(self) -> int:
        """Number of different tokens."""
        return len(self.embedding)

    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the logits `[batch, steps, vocab]` after each step, from empty memories.

        Args:
            tokens: The inputs, integers `[batch, steps]`.
            lengths: Number of steps of each sequence, `[batch]`: the memory is not read after it, and logits there mean
                nothing. Defaults to all steps.

        Raises:
            TypeError: If the tokens are not integers.
            ValueError: If they are not a batch, or one of them is outside the vocabulary.
        """
        return self.run(tokens, lengths).logits

    def run(self, tokens: Tensor, lengths: Tensor | None = None) -> Steps:
        """Run a batch as `forward` does, and return a record of every step: logits, actions, reads, hidden vectors."""
        embedded = self._look_up(tokens, axes=2)
        run = self._run_by_steps if self.connection.sees_read else self._run_at_once
        action, read, hidden = run(embedded, lengths)
        return Steps(self.answer(hidden, read, self._rounding), action, read, hidden)

    def init(self, batch: int, steps: int) -> MachineState:
        """Return the states before the first of `steps` steps."""
        memory = self.memory.init(batch, steps, self.embedding.dtype, self.embedding.device)
        controller = self._rounding(self.controller.init(batch))
        read = self.embedding.new_zeros(batch, self.memory.read_size)
        return MachineState(controller, memory, read, self.answer.init(batch, self._rounding))

    def step(self, state: MachineState, token: Tensor) -> tuple[MachineState, Tensor]:
        """Take one step on a token of each sequence, `[batch]`; return the new states and the logits."""
        embedded = self._look_up(token, axes=1)
        state, (_, read, hidden) = self._act(state, embedded, self.controller.project(embedded))
        readout, logits = self.answer.step(state.readout, hidden, read, self._rounding)
        return state._replace(readout=readout), logits

    @property
    def _rounding(self):
        return all_rounded if self.quantized else unrounded

    def _run_at_once(self, embedded: Tensor, lengths: Tensor | None) -> tuple[Any, Tensor, Tensor]:
        hidden = self.controller.run(embedded, self._rounding)
        action = self._rounding(self.memory.decode(self.actions(hidden, embedded)))
        return action, self.memory.run(action, lengths), hidden

    def _run_by_steps(self, embedded: Tensor, lengths: Tensor | None) -> tuple[Any, Tensor, Tensor]:
        state, taken = self.init(*embedded.shape[:2]), []
        for at_step in zip(embedded.unbind(1), self.controller.project(embedded).unbind(1), strict=True):
            state, step = self._act(state, *at_step)
            taken.append(step)
        return stack_steps(taken)

    def _act(
        self, state: MachineState, embedded: Tensor, projected: Tensor
    ) -> tuple[MachineState, tuple[Any, Tensor, Tensor]]:
        """Let the controller act on the memory; return the new states, the action, the read and the hidden vector."""
        if self.connection.feedback:
            projected = projected + (self.connection.feedback * state.read) @ self.feedback
        controller, hidden = self.controller.step(state.controller, projected, self._rounding)
        action = self._rounding(self.memory.decode(self.actions(hidden, embedded, state.read, self._rounding)))
        memory, read = self.memory.step(state.memory, action)
        return MachineState(controller, memory, read, state.readout), (action, read, hidden)

    def _look_up(self, tokens: Tensor, axes: int) -> Tensor:
        """Return the embedded tokens.

        Raises:
            TypeError: If the tokens are not integers.
            ValueError: If they have another number of axes, there are none, or one is outside the vocabulary.
        """
        shape = "[batch, steps]" if axes == 2 else "[batch]"
        if not isinstance(tokens, Tensor) or tokens.is_floating_point() or tokens.is_complex():
            given = tokens.dtype if isinstance(tokens, Tensor) else type(tokens).__name__
            raise TypeError(f"tokens must be a tensor of integers from 0 to {self.vocab_size - 1}, got {given}.")
        if tokens.ndim != axes or 0 in tokens.shape:
            raise ValueError(f"tokens must be of shape {shape}, with at least one step, got {list(tokens.shape)}.")
        if not torch.compiler.is_compiling():
            low, high = (bound.item() for bound in tokens.aminmax())
            if low < 0 or high >= self.vocab_size:
                outside = low if low < 0 else high
                raise ValueError(f"tokens must be from 0 to {self.vocab_size - 1}, got {outside}.")
        return nn.functional.embedding(tokens.long(), self.embedding)


def _check_sizes(memory: AbstractMemory, vocab_size: Any, quantized: bool) -> None:
    """Check the size of the vocabulary, and that a quantized machine's gates can be rounded one by one.

    Raises:
        TypeError: If the size of the vocabulary is not an integer.
        ValueError: If the vocabulary is empty, or a gate is rounded by what the others are.
    """
    if not isinstance(vocab_size, int) or isinstance(vocab_size, bool):
        raise TypeError(f"vocab_size must be an integer, got {vocab_size!r}.")
    if vocab_size < 1:
        raise ValueError(f"vocab_size must be at least 1, got {vocab_size}.")
    if quantized and any(width != 1 for width in memory.gate_widths):
        raise ValueError(
            "quantization needs a memory with push and pop strengths, such as NeuralStack, HardStack, NeuralQueue or "
            f"NeuralDeque, got {memory}: leave quantization out, or choose such a memory."
        )
