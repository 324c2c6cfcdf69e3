"""The answer of a machine: a function of the hidden vector, the read or both, or a second controller that sees them."""

from typing import TYPE_CHECKING

import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from neuralstack._activations import tanh
from neuralstack.machine._quantization import rounding_of

if TYPE_CHECKING:
    from neuralstack.machine._machine import Machine


def answer(
    machine: "Machine", state: PyTree[Array], hidden: Float[Array, " hidden"], read: Float[Array, " read"]
) -> tuple[PyTree[Array], Float[Array, " vocab"]]:
    """Return the next state of the readout, if there is one, and the logits of one step."""
    if machine.readout is None:
        return state, logits(machine, hidden, read)
    projected = machine.readout.project(answer_input(machine, hidden, read))
    state, seen = machine.readout.step_rounded(state, projected, rounding_of(machine.quantized))
    return state, output(machine, seen)


def logits(
    machine: "Machine", hidden: Float[Array, "*steps hidden"], read: Float[Array, "*steps read"]
) -> Float[Array, "*steps vocab"]:
    """Return the logits for a hidden vector of the controller and a read, in a machine without a readout."""
    seen = answer_input(machine, hidden, read)
    return output(machine, seen if machine.answer_bias is None else tanh(seen))


def answer_input(
    machine: "Machine", hidden: Float[Array, "*steps hidden"], read: Float[Array, "*steps read"]
) -> Float[Array, "*steps answer"]:
    """Return a linear map of what the answer sees: the hidden vector, the read or both."""
    if machine.answer_bias is None:
        return read @ machine.answer_weights
    source = jnp.concatenate([read, hidden], -1) if machine.connection.answer_from == "both" else hidden
    return source @ machine.answer_weights + machine.answer_bias


def output(machine: "Machine", seen: Float[Array, "*steps answer"]) -> Float[Array, "*steps vocab"]:
    """Return the logits for the last hidden vector before them."""
    return seen @ machine.output_weights + machine.output_bias
