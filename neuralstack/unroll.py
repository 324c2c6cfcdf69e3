"""The batched unroll over time, with a gradient of its own.

This is the one place with a batch axis: the weights' gradient is then taken once, over all steps and examples, in
large matrix products, where a gradient rule per sequence under `vmap` would build one for each example. The loop runs
to a length known only at run time, so one compilation serves every length up to the buffer; automatic
differentiation alone could not go back through such a loop. Kept for the backward pass are the states, the reads and
the actions: memory linear in the length.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from neuralstack.memories import AbstractMemory

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
def _unroll(act, memory, parameters, state, inputs, steps):
    return _forward(act, memory, parameters, state, inputs, steps)[0]


def _forward(act, memory, parameters, state, inputs, steps):
    length, batch, dtype = *(leaf := jax.tree.leaves(inputs)[0]).shape[:2], leaf.dtype
    memory_state = memory.init(length, dtype)
    # All sequences march in step, so counters are shared: a store at a shared index is a slice, not a scatter.
    axes = jax.tree.map(lambda leaf: None if is_counter(leaf) else 0, memory_state)
    memory_state = jax.tree.map(
        lambda leaf: leaf if is_counter(leaf) else jnp.broadcast_to(leaf, (batch, *leaf.shape)), memory_state
    )
    memory_step = jax.vmap(memory.step, in_axes=(axes, 0), out_axes=(axes, 0))
    act_step = jax.vmap(act, in_axes=(None, 0, 0, 0))
    read = jnp.zeros((batch, memory.read_size), dtype)

    def step(time, carry):
        state, memory_state, read, logs = carry
        new_state, hidden, action = act_step(parameters, state, at(inputs, time), read)
        memory_state, new_read = memory_step(memory_state, action)
        logs = store(logs, (state, read, hidden, action, new_read), time)
        return new_state, memory_state, new_read, logs

    shown = jax.eval_shape(act_step, parameters, state, at(inputs, 0), read)
    logs = jax.tree.map(lambda leaf: jnp.zeros((length, *leaf.shape), leaf.dtype), (state, read, *shown[1:], read))
    *_, (states, reads_before, hidden, action, reads) = jax.lax.fori_loop(
        0, steps, step, (state, memory_state, read, logs)
    )
    saved = parameters, inputs, steps, states, reads_before, action
    return Unrolled(hidden, action, reads), saved


def _backward(act, memory, saved, cotangent: Unrolled):
    parameters, inputs, steps, states, reads_before, actions = saved
    act_step = jax.vmap(act, in_axes=(None, 0, 0, 0))
    start_backward = jax.vmap(memory.start_backward, in_axes=1)
    step_backward = jax.vmap(memory.step_backward, in_axes=(0, None, 0))

    def step(count, carry):
        state_cotangent, read_cotangent, memory_carry, logs = carry
        time = steps - 1 - count
        state, x, read = at((states, inputs, reads_before), time)
        given = at(cotangent, time)
        memory_carry, action_cotangent = step_backward(memory_carry, time, given.read + read_cotangent)
        action_cotangent = jax.tree.map(lambda a, b: a + b.astype(a.dtype), given.action, action_cotangent)
        shown_cotangent = state_cotangent, given.hidden, action_cotangent
        _, pull = jax.vjp(lambda *now: act_step(parameters, *now), state, x, read)
        state_cotangent, x_cotangent, read_cotangent = pull(shown_cotangent)
        return state_cotangent, read_cotangent, memory_carry, store(logs, (x_cotangent, shown_cotangent), time)

    state_cotangent, read_cotangent = zeros_like(at((states, reads_before), 0))
    logs = zeros_like((inputs, (states, cotangent.hidden, actions)))
    state_cotangent, *_, (inputs_cotangent, shown_cotangents) = jax.lax.fori_loop(
        0, steps, step, (state_cotangent, read_cotangent, start_backward(actions), logs)
    )
    states, inputs, reads_before, shown_cotangents = jax.tree.map(
        lambda leaf: jax.lax.collapse(leaf, 0, 2), (states, inputs, reads_before, shown_cotangents)
    )
    _, pull = jax.vjp(lambda parameters: act_step(parameters, states, inputs, reads_before), parameters)
    return *pull(shown_cotangents), state_cotangent, inputs_cotangent, None


def at(logs: PyTree[Array], time: Int[Array, ""] | int) -> PyTree[Array]:
    """Return what logs of all steps hold of one."""
    return jax.tree.map(lambda log: log[time], logs)


def zeros_like(tree: PyTree[Array]) -> PyTree[Array]:
    """Return a tree of zeros of the same shapes."""
    return jax.tree.map(jnp.zeros_like, tree)


def is_counter(leaf: Array) -> bool:
    """Say whether a leaf of a memory's state counts steps rather than holding anything."""
    return jnp.issubdtype(leaf.dtype, jnp.integer)


def store(logs: PyTree[Array], now: PyTree[Array], time: Int[Array, ""]) -> PyTree[Array]:
    """Write what one step gave into the logs of all steps."""
    return jax.tree.map(lambda log, leaf: jax.lax.dynamic_update_index_in_dim(log, leaf, time, 0), logs, now)


_unroll.defvjp(_forward, _backward)
