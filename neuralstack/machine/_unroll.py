"""The batched unroll over time, with a custom gradient.

This is the only code with a batch axis. It lets one matrix product sum the weights' gradient over the examples of a
step, where a gradient rule per sequence under `vmap` would compute one for each example. The loop runs to a length
known only at run time, so one compilation serves every length up to that of the buffer; automatic differentiation does
not support such a loop in reverse mode.

Each step is linearized in the forward pass, and its residuals are logged along with the actions: space is linear in the
length, and no part of the controller is computed twice. The states of the memory are not logged; it undoes its steps.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from neuralstack._varying import vary_like, vary_together
from neuralstack.machine._linearized_step import (
    Act,
    StepInputs,
    StepOutputs,
    at,
    clear_from,
    linearize,
    pullback_like,
    restore,
    store,
    unique,
)
from neuralstack.memories import AbstractMemory, blank, on_platform


class Unrolled(NamedTuple):
    """Outputs of every step, time first."""

    hidden: Float[Array, "steps batch hidden"]
    action: PyTree[Float[Array, "steps batch ..."]]
    read: Float[Array, "steps batch read"]
    state: PyTree[Float[Array, "batch ..."]]
    """The state of `act` after the last step. Detached: carrying it into the next chunk gives truncated BPTT."""


def unroll(
    act: Act,
    memory: AbstractMemory,
    parameters: PyTree[Array],
    state: PyTree[Float[Array, "batch ..."]],
    inputs: PyTree[Float[Array, "steps batch ..."]],
    steps: Int[Array, ""],
) -> Unrolled:
    """Run a controller that acts on a memory, for a batch, to a length known at run time.

    Args:
        act: Pure function of one example and one step, `(parameters, state, input, read) -> (state, hidden, action)`;
            `read` is the read of the previous step, zero at first.
        memory: The memory it acts on.
        parameters: The weights of `act`.
        state: The state of `act` before the first step, for each example.
        inputs: The inputs of `act`.
        steps: Number of steps to run; the outputs of later steps are zero.

    Returns:
        The hidden vectors, actions and reads of every step, and the last state.
    """
    return _unroll(act, memory, *vary_together((parameters, state, inputs, jnp.asarray(steps))))


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _unroll(act, memory, *arguments):
    return _forward(act, memory, *arguments)[0]


def _forward(act, memory, *arguments):
    return on_platform(memory, partial(_run_forward, act, memory), *arguments)


def _backward(act, memory, saved, cotangent):
    return *on_platform(memory, partial(_run_backward, act, memory), saved, cotangent), None


def _run_forward(act, memory, vjp, parameters, state, inputs, steps):
    length, batch, dtype = *(leaf := jax.tree.leaves(inputs)[0]).shape[:2], leaf.dtype
    empty = vary_like(vjp.start_forward(length, dtype), inputs)
    memory_state = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (batch, *leaf.shape)), empty)
    # All sequences are at the same step: a store at a shared index is a slice update, not a scatter.
    memory_step = jax.vmap(
        lambda carry, time, action: vjp.step_forward(carry, time, memory.check(action)), in_axes=(0, None, 0)
    )
    read = vary_like(jnp.zeros((batch, memory.read_size), dtype), inputs)
    first = StepInputs(state, at(inputs, 0), read)
    linearized = linearize(act, parameters, first)

    def step(time, carry):
        step_inputs, memory_state, logs = carry
        current = linearize(act, parameters, step_inputs._replace(inputs=at(inputs, time)))
        memory_state, read = memory_step(memory_state, time, current.outputs.action)
        logs = store(logs, (unique(current), read), time)
        return StepInputs(current.outputs.state, step_inputs.inputs, read), memory_state, logs

    logs = blank((unique(linearized), first.read), length)
    last, _, logs = jax.lax.fori_loop(0, steps, step, (first, memory_state, logs))
    logged, reads = clear_from(logs, steps)
    outputs, residuals = restore(linearized, logged)
    saved = parameters, state, inputs, steps, outputs, residuals, reads
    return Unrolled(outputs.hidden, outputs.action, reads, last.state), saved


def _run_backward(act, memory, vjp, saved, cotangent):
    parameters, state, inputs, steps, outputs, residuals, reads = saved
    first = StepInputs(state, at(inputs, 0), jnp.zeros_like(reads[0]))
    pullback = pullback_like(act, parameters, first)
    start_backward = jax.vmap(lambda action: vjp.start_backward(memory.check(action, steps=True), steps), in_axes=1)
    step_backward = jax.vmap(vjp.step_backward, in_axes=(0, None, 0))

    def inputs_of(time):
        """Return the inputs of step `time`: the initial state for the first, the logs for the others."""
        earlier = StepInputs(at(outputs.state, time - 1), at(inputs, time), reads[time - 1])
        return jax.tree.map(lambda a, b: jnp.where(time > 0, a, b), earlier, first._replace(inputs=earlier.inputs))

    def step(count, carry):
        parameters_cotangent, state_cotangent, read_cotangent, memory_carry, inputs_cotangent = carry
        time = steps - 1 - count
        direct = at(cotangent, time)
        memory_carry, action_cotangent = step_backward(memory_carry, time, direct.read + read_cotangent)
        action_cotangent = jax.tree.map(lambda a, b: a + b.astype(a.dtype), direct.action, action_cotangent)
        of_outputs = StepOutputs(state_cotangent, direct.hidden, action_cotangent)
        of_parameters, of_inputs = pullback(inputs_of(time), at(outputs, time), at(residuals, time), of_outputs)
        parameters_cotangent = jax.tree.map(jnp.add, parameters_cotangent, of_parameters)
        inputs_cotangent = store(inputs_cotangent, of_inputs.inputs, time)
        return parameters_cotangent, of_inputs.state, of_inputs.read, memory_carry, inputs_cotangent

    zeros = jax.tree.map(jnp.zeros_like, (parameters, state, first.read))
    length = jax.tree.leaves(inputs)[0].shape[0]
    carry = *zeros, start_backward(outputs.action), blank(at(inputs, 0), length)
    parameters_cotangent, state_cotangent, *_, inputs_cotangent = jax.lax.fori_loop(0, steps, step, carry)
    return parameters_cotangent, state_cotangent, clear_from(inputs_cotangent, steps)


_unroll.defvjp(_forward, _backward)
