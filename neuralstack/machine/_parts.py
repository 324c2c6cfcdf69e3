"""Checks of the parts of a machine."""

from functools import cache
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from neuralstack._arguments import describe_object, require_object
from neuralstack._connection import Connection, as_connection
from neuralstack.memories import AbstractMemory


def check_parts(controller: Any, memory: Any, vocab_size: Any, connection: Connection | str) -> None:
    """Raise an error if the parts do not make a machine.

    Raises:
        TypeError: If a part is not an object of its kind.
        ValueError: If the vocabulary is empty, or the answer comes from the read of a memory that reads nothing.
    """
    if isinstance(controller, AbstractMemory):
        raise TypeError(
            "controller must be an object such as ns.GRU(16, 32, key=key), got the memory "
            f"{type(controller).__name__}: the controller comes first, then the memory."
        )
    require_object("memory", memory, AbstractMemory, "ns.NeuralStack(8)")
    if not isinstance(vocab_size, int) or isinstance(vocab_size, bool):
        raise TypeError(f"vocab_size must be an integer, got {vocab_size!r}.")
    if vocab_size < 1:
        raise ValueError(f"vocab_size must be at least 1, got {vocab_size}.")
    if as_connection(connection).answer_from == "read" and memory.read_size == 0:
        raise ValueError(
            f"connection {connection!r} answers from the read of the memory, but {type(memory).__name__} reads "
            "nothing: use connection 'paper'."
        )


def check_readout(readout: Any) -> None:
    """Raise an error if the readout is no object like a controller.

    Raises:
        TypeError: If it is a name, a class, or an object without steps.
    """
    cells = eqx.nn.GRUCell | eqx.nn.LSTMCell
    if isinstance(readout, str | type) or not (isinstance(readout, cells) or hasattr(readout, "step")):
        raise TypeError(f"readout must be an object such as ns.GRU(16, 32, key=key), got {describe_object(readout)}.")


def check_rounding(memory: AbstractMemory) -> None:
    """Raise an error if rounding an action's numbers one by one does not give its discrete form.

    Raises:
        ValueError: If a gate is rounded by what the others are, as in a mixture of operations; or by no rule at all.
    """
    if (memory.gate_widths or memory.action_size) and not _rounds_each_gate(memory):
        raise ValueError(
            "quantization needs a memory with push and pop strengths, such as NeuralStack, HardStack, NeuralQueue or "
            f"NeuralDeque, got {memory}: leave quantization out, or choose such a memory."
        )


@cache
def _rounds_each_gate(memory: AbstractMemory) -> bool:
    raw = np.random.default_rng(0).normal(size=(32, memory.action_size)).astype(np.float32)

    def gates(raw):
        action = memory.decode(raw)
        return jnp.round(memory.gates(action)), memory.gates(memory.quantize(action))

    try:
        with jax.ensure_compile_time_eval():  # also where a machine is built under a transformation
            each, together = map(np.asarray, jax.jit(jax.vmap(gates))(raw))
    except ValueError:  # by a memory that does not define `quantize`
        return False
    return bool((each == together).all())
