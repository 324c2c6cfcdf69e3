"""The two ways to run a machine on a batch: with and without reads that the controller or its actions see."""

from typing import TYPE_CHECKING, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from neuralstack.controllers import AbstractController
from neuralstack.machine._act import act, raw_action
from neuralstack.machine._answer import answer_input, logits, output
from neuralstack.machine._quantization import RoundingMasks, round_initial, rounding_of
from neuralstack.machine._steps import BatchSteps, Decode
from neuralstack.machine._unroll import unroll
from neuralstack.memories import NoMemory, batch_reads_of

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


def run_batch(
    machine: "Machine",
    state: PyTree,
    inputs: BatchInputs,
    decode: Decode,
    steps: Int[Array, ""],
    masks: RoundingMasks,
) -> BatchSteps:
    """Run the controller, the memory and, if there is one, the readout of a machine on a batch."""
    controller, readout = round_initial(machine, state, masks)
    run = run_with_reads if machine.connection.sees_read and machine.memory.read_size else run_in_turn
    done = run(machine, controller, inputs, decode, steps, masks)
    if machine.readout is None:
        answered = logits(machine, done.hidden, done.read)
    else:
        projected = machine.readout.project(answer_input(machine, done.hidden, done.read))
        seen, readout = run_controller(machine, machine.readout, readout, projected, steps, masks.readout)
        answered = output(machine, seen)
    return BatchSteps(answered, done.action, done.hidden, done.raw, (done.state, readout))


def run_with_reads(
    machine: "Machine",
    state: PyTree,
    inputs: BatchInputs,
    decode: Decode,
    steps: Int[Array, ""],
    masks: RoundingMasks,
) -> BatchOutputs:
    """Run controller and memory together: each step needs the previous read."""
    parameters, static = eqx.partition(machine, eqx.is_inexact_array)

    def step(parameters, state, inputs, read):
        machine = eqx.combine(parameters, static)
        (inputs, *masks) = inputs
        rounding = rounding_of(machine.quantized, *masks)
        state, hidden, raw = act(machine, state, inputs.projected, inputs.embedded, read, rounding)
        return state, hidden, rounding(decode(raw, inputs.decode_inputs))

    masked = inputs, masks.controller, masks.action
    hidden, action, read, state = unroll(step, machine.memory, parameters, state, masked, steps)
    before = jnp.concatenate([jnp.zeros_like(read[:1]), read[:-1]])
    raw = raw_action(machine, hidden, inputs.embedded, before, rounding_of(machine.quantized))
    return BatchOutputs(hidden, raw, action, read, state)


def run_in_turn(
    machine: "Machine",
    state: PyTree,
    inputs: BatchInputs,
    decode: Decode,
    steps: Int[Array, ""],
    masks: RoundingMasks,
) -> BatchOutputs:
    """Run the controller over all steps, then the memory, which is faster on a whole sequence than step by step."""
    hidden, state = run_controller(machine, machine.controller, state, inputs.projected, steps, masks.controller)
    raw = raw_action(machine, hidden, inputs.embedded)

    def decoded(raw, inputs, mask):
        return rounding_of(machine.quantized, mask)(decode(raw, inputs))

    action = jax.vmap(jax.vmap(decoded))(raw, inputs.decode_inputs, masks.action)
    read = batch_reads_of(machine.memory, action, steps)
    return BatchOutputs(hidden, raw, action, read, state)


def run_controller(
    machine: "Machine",
    controller: AbstractController,
    state: PyTree,
    projected: Float[Array, "steps batch projected"],
    steps: Int[Array, ""],
    mask: Float[Array, "steps batch numbers"] | None,
) -> tuple[Float[Array, "steps batch hidden"], PyTree[Float[Array, "batch ..."]]]:
    """Run a controller, or the readout, of a machine; return its hidden vectors and its last state."""
    parameters, static = eqx.partition(controller, eqx.is_inexact_array)
    quantized = machine.quantized

    def step(parameters, state, inputs, _):
        projected, mask = inputs
        controller = eqx.combine(parameters, static)
        return *controller.step_rounded(state, projected, rounding_of(quantized, mask)), jnp.zeros(0, projected.dtype)

    hidden, _, _, state = unroll(step, NoMemory(), parameters, state, (projected, mask), steps)
    return hidden, state
