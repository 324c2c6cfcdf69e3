"""The batched unroll over time, with a gradient of its own.

This is the one place with a batch axis: the weights' gradient is then summed over the examples of a step in one matrix
product, where a gradient rule per sequence under `vmap` would build one for each example. The loop runs to a length
known only at run time, so one compilation serves every length up to the buffer; automatic differentiation alone could
not go back through such a loop.

Each step is differentiated as it is taken, and what its backward pass needs is logged beside the actions: memory linear
in the length, and nothing of the controller is computed twice. Of the memory nothing is logged; it undoes its steps.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from neuralstack.memories import AbstractMemory, on_platform

Act = Callable[[PyTree, PyTree, PyTree, Array], tuple[PyTree, PyTree, PyTree]]


class Unrolled(NamedTuple):
    """What came out at every step, time first."""

    hidden: Float[Array, "steps batch hidden"]
    action: PyTree[Float[Array, "steps batch ..."]]
    read: Float[Array, "steps batch read"]


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
            `read` is what the memory gave at the step before, zero at first.
        memory: The memory it acts on.
        parameters: The weights of `act`.
        state: Its state before the first step, for each example.
        inputs: Its inputs.
        steps: How many of the steps to run; the others stay zero.

    Returns:
        What `act` showed and did, and what was read, at every step.
    """
    return _unroll(act, memory, parameters, state, inputs, steps)


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _unroll(act, memory, *arguments):
    return _forward(act, memory, *arguments)[0]


def _forward(act, memory, *arguments):
    return on_platform(memory, partial(_run_forward, act), *arguments)


def _backward(act, memory, saved, cotangent):
    return *on_platform(memory, partial(_run_backward, act), saved, cotangent), None


def _run_forward(act, memory, parameters, state, inputs, steps):
    length, batch, dtype = *(leaf := jax.tree.leaves(inputs)[0]).shape[:2], leaf.dtype
    empty = memory.start_forward(length, dtype)
    memory_state = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (batch, *leaf.shape)), empty)
    # All sequences march in step, so the time is shared: a store at a shared index is a slice, not a scatter.
    memory_step = jax.vmap(memory.step_forward, in_axes=(0, None, 0))

    def controller_step(state, x, read):
        shown, pull = differentiate(act, parameters, state, x, read)
        return *shown, split(act, pull, (parameters, state, x, read))[1]

    def step(time, carry):
        state, memory_state, read, logs = carry
        state, hidden, action, residuals = controller_step(state, at(inputs, time), read)
        memory_state, read = memory_step(memory_state, time, action)
        return state, memory_state, read, store(logs, (residuals, hidden, action, read), time)

    read = jnp.zeros((batch, memory.read_size), dtype)
    _, *shown = jax.eval_shape(controller_step, state, at(inputs, 0), read)
    hidden, action, residuals = blank(shown, length)
    logs = residuals, hidden, action, blank(read, length)
    *_, (residuals, hidden, action, reads) = jax.lax.fori_loop(0, steps, step, (state, memory_state, read, logs))
    return Unrolled(hidden, action, reads), (parameters, state, inputs, steps, residuals, action)


def _run_backward(act, memory, saved, cotangent):
    parameters, state, inputs, steps, residuals, actions = saved
    arguments = parameters, state, at(inputs, 0), jnp.zeros_like(cotangent.read[0])
    pull_step = pull_from(act, arguments)
    start_backward = jax.vmap(memory.start_backward, in_axes=(1, None))
    step_backward = jax.vmap(memory.step_backward, in_axes=(0, None, 0))

    def step(count, carry):
        parameters_cotangent, state_cotangent, read_cotangent, memory_carry, inputs_cotangent = carry
        time = steps - 1 - count
        given = at(cotangent, time)
        memory_carry, action_cotangent = step_backward(memory_carry, time, given.read + read_cotangent)
        action_cotangent = jax.tree.map(lambda a, b: a + b.astype(a.dtype), given.action, action_cotangent)
        shown_cotangent = state_cotangent, given.hidden, action_cotangent
        more, state_cotangent, x_cotangent, read_cotangent = pull_step(at(residuals, time), shown_cotangent)
        parameters_cotangent = jax.tree.map(jnp.add, parameters_cotangent, more)
        inputs_cotangent = store(inputs_cotangent, x_cotangent, time)
        return parameters_cotangent, state_cotangent, read_cotangent, memory_carry, inputs_cotangent

    zeros = jax.tree.map(jnp.zeros_like, (parameters, state, arguments[3]))
    carry = *zeros, start_backward(actions, steps), jax.tree.map(jnp.zeros_like, inputs)
    parameters_cotangent, state_cotangent, *_, inputs_cotangent = jax.lax.fori_loop(0, steps, step, carry)
    return parameters_cotangent, state_cotangent, inputs_cotangent


def differentiate(act: Act, parameters: PyTree[Array], *arguments: PyTree[Array]) -> tuple[Any, PyTree[Array]]:
    """Return what `act` gives for a batch, and its backward pass: a function that is a tree of what it has kept."""
    return jax.vjp(jax.vmap(act, in_axes=(None, 0, 0, 0)), parameters, *arguments)


def pull_from(act: Act, arguments: tuple[PyTree[Array], ...]) -> Callable[[list[Array], PyTree[Array]], Any]:
    """Return the backward pass of `act` on a batch like `arguments`, as a function of logged residuals and cotangents.

    What is computed of the arguments themselves is needed for its form only, and the compiler drops it.
    """
    _, pull = differentiate(act, *arguments)
    fixed, _ = split(act, pull, arguments)

    def pull_residuals(residuals, cotangent):
        rest = iter(residuals)
        leaves = [next(rest) if leaf is None else leaf for leaf in fixed]
        return jax.tree.unflatten(jax.tree.structure(pull), leaves)(cotangent)

    return pull_residuals


def split(
    act: Act, pull: PyTree[Array], arguments: tuple[PyTree[Array], ...]
) -> tuple[list[Array | None], list[Array]]:
    """Split what a backward pass has kept into what follows from the parameters alone, and what a step must log.

    The first are those whose shape does not depend on the size of the batch.
    """
    parameters, *rest = arguments
    larger = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct((leaf.shape[0] + 1, *leaf.shape[1:]), leaf.dtype), rest)
    others = jax.tree.leaves(jax.eval_shape(lambda *given: differentiate(act, *given)[1], parameters, *larger))
    leaves = jax.tree.leaves(pull)
    same = [leaf.shape == other.shape for leaf, other in zip(leaves, others, strict=True)]
    fixed = [leaf if is_same else None for leaf, is_same in zip(leaves, same, strict=True)]
    return fixed, [leaf for leaf, is_same in zip(leaves, same, strict=True) if not is_same]


def at(logs: PyTree[Array], time: Int[Array, ""] | int) -> PyTree[Array]:
    """Return what logs of all steps hold of one."""
    return jax.tree.map(lambda log: log[time], logs)


def blank(tree: PyTree[Any], length: int) -> PyTree[Array]:
    """Return empty logs of `length` steps, each of which gives such a tree."""
    return jax.tree.map(lambda leaf: jnp.zeros((length, *leaf.shape), leaf.dtype), tree)


def store(logs: PyTree[Array], now: PyTree[Array], time: Int[Array, ""]) -> PyTree[Array]:
    """Write what one step gave into the logs of all steps."""
    return jax.tree.map(lambda log, leaf: jax.lax.dynamic_update_index_in_dim(log, leaf, time, 0), logs, now)


_unroll.defvjp(_forward, _backward)
