"""The two ways to run a machine on a batch: with and without feedback of the reads to the controller."""

from typing import TYPE_CHECKING, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from neuralstack.machine._steps import Decode
from neuralstack.machine._unroll import unroll
from neuralstack.memories import NoMemory

if TYPE_CHECKING:
    from neuralstack.machine._machine import Machine


class BatchInputs(NamedTuple):
    """Inputs of every step, time first."""

    projected: Float[Array, "steps batch projected"]
    embedded: Float[Array, "steps batch embedding"]
    decode_inputs: PyTree[Float[Array, "steps batch ..."]]


class BatchOutputs(NamedTuple):
    """Outputs of every step, time first, and the controller's state after the last step."""

    hidden: Float[Array, "steps batch hidden"]
    raw: Float[Array, "steps batch actions"]
    action: PyTree[Float[Array, "steps batch ..."]]
    read: Float[Array, "steps batch read"]
    state: PyTree[Float[Array, "batch ..."]]


def run_with_feedback(
    machine: "Machine", state: PyTree, inputs: BatchInputs, decode: Decode, steps: Int[Array, ""]
) -> BatchOutputs:
    """Run controller and memory together: each step of the controller needs the previous read."""
    parameters, static = eqx.partition(machine, eqx.is_inexact_array)

    def act(parameters, state, inputs, read):
        machine = eqx.combine(parameters, static)
        state, hidden = machine.controller.step_projected(state, inputs.projected + machine.feedback_input(read))
        return state, hidden, decode(machine.raw_action(hidden, inputs.embedded), inputs.decode_inputs)

    hidden, action, read, state = unroll(act, machine.memory, parameters, state, inputs, steps)
    return BatchOutputs(hidden, machine.raw_action(hidden, inputs.embedded), action, read, state)


def run_in_turn(
    machine: "Machine", state: PyTree, inputs: BatchInputs, decode: Decode, steps: Int[Array, ""]
) -> BatchOutputs:
    """Run the controller over all steps, then the memory, which is faster on a whole sequence than step by step."""
    parameters, static = eqx.partition(machine.controller, eqx.is_inexact_array)

    def step(parameters, state, inputs, _):
        controller = eqx.combine(parameters, static)
        return *controller.step_projected(state, inputs), jnp.zeros(0, inputs.dtype)

    hidden, _, _, state = unroll(step, NoMemory(), parameters, state, inputs.projected, steps)
    raw = machine.raw_action(hidden, inputs.embedded)
    action = jax.vmap(jax.vmap(decode))(raw, inputs.decode_inputs)
    read = jax.vmap(machine.memory.run, in_axes=(1, None), out_axes=1)(action, steps)
    return BatchOutputs(hidden, raw, action, read, state)
