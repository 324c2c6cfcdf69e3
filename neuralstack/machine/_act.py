"""One step of a controller, and the raw action that follows from it."""

from typing import TYPE_CHECKING

import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from neuralstack._rounding import Rounding, unrounded
from neuralstack.machine._heads import mapped_input

if TYPE_CHECKING:
    from neuralstack.machine._machine import Machine


def act(
    machine: "Machine",
    state: PyTree[Array],
    projected: Float[Array, " projected"],
    embedded: Float[Array, " embedding"],
    read: Float[Array, " read"],
    rounding: Rounding,
) -> tuple[PyTree[Array], Float[Array, " hidden"], Float[Array, " action"]]:
    """Take one step of the controller, given the previous read; return its state, hidden vector and raw action."""
    projected = projected + feedback_input(machine, read)
    state, hidden = machine.controller.step_rounded(state, projected, rounding)
    return state, hidden, raw_action(machine, hidden, embedded, read, rounding)


def feedback_input(machine: "Machine", read: Float[Array, "*steps read"]) -> Float[Array, "*steps projected"]:
    """Return the contribution of a read to the controller's projected input."""
    return (machine.connection.feedback * read[..., : len(machine.feedback)]) @ machine.feedback


def raw_action(
    machine: "Machine",
    hidden: Float[Array, "*steps hidden"],
    embedded: Float[Array, "*steps embedding"],
    read: Float[Array, "*steps read"] | None = None,
    rounding: Rounding = unrounded,
) -> Float[Array, "*steps action"]:
    """Return the raw numbers of the action for a hidden vector of the controller and an embedded token.

    The previous read is needed where `machine.connection.sees_read`.
    """
    raw = machine.action_bias + from_hidden(machine, hidden)
    if machine.connection.value_sees_input:
        raw = raw + mapped_input(machine.input_maps, embedded, sum(machine.memory.gate_widths))
    return raw if machine.direct is None else machine.direct(raw, hidden, embedded, read, rounding)


def from_hidden(machine: "Machine", hidden: Float[Array, "*steps hidden"]) -> Float[Array, "*steps action"]:
    """Return the part of a raw action that comes from the controller: zeros for gates that do not see its state."""
    seeing = hidden @ machine.action_weights
    blind = len(machine.action_bias) - seeing.shape[-1]
    return jnp.concatenate([jnp.zeros((*seeing.shape[:-1], blind), seeing.dtype), seeing], axis=-1) if blind else seeing


def gate_weights(machine: "Machine") -> Float[Array, "hidden gates"]:
    """Return the weights from the hidden vector of the controller to the memory's gates: 0 if they do not see it."""
    gates = sum(machine.memory.gate_widths)
    if machine.connection.gates_see_state:
        return machine.action_weights[:, :gates]
    return jnp.zeros((len(machine.action_weights), gates), machine.action_weights.dtype)
