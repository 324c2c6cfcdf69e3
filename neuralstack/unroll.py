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
    return on_platform(memory, partial(_run_forward, act, memory), *arguments)


def _backward(act, memory, saved, cotangent):
    return *on_platform(memory, partial(_run_backward, act, memory), saved, cotangent), None


def _run_forward(act, memory, passes, parameters, state, inputs, steps):
    length, batch, dtype = *(leaf := jax.tree.leaves(inputs)[0]).shape[:2], leaf.dtype
    empty = passes.start_forward(length, dtype)
    memory_state = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (batch, *leaf.shape)), empty)
    # All sequences march in step, so the time is shared: a store at a shared index is a slice, not a scatter.
    memory_step = jax.vmap(
        lambda carry, time, action: passes.step_forward(carry, time, memory.check(action)), in_axes=(0, None, 0)
    )
    first = Given(state, at(inputs, 0), jnp.zeros((batch, memory.read_size), dtype))
    taken = take(act, parameters, first)

    def step(time, carry):
        given, memory_state, logs = carry
        now = take(act, parameters, given._replace(inputs=at(inputs, time)))
        memory_state, read = memory_step(memory_state, time, now.shown.action)
        logs = store(logs, (unique(now), read), time)
        return Given(now.shown.state, given.inputs, read), memory_state, logs

    logs = blank((unique(taken), first.read), length)
    *_, (kept, reads) = jax.lax.fori_loop(0, steps, step, (first, memory_state, logs))
    shown, extra = restore(taken, kept)
    return Unrolled(shown.hidden, shown.action, reads), (parameters, state, inputs, steps, shown, extra, reads)


def _run_backward(act, memory, passes, saved, cotangent):
    parameters, state, inputs, steps, shown, extra, reads = saved
    first = Given(state, at(inputs, 0), jnp.zeros_like(reads[0]))
    pull = pull_from(act, parameters, first)
    start_backward = jax.vmap(lambda action: passes.start_backward(memory.check(action, steps=True), steps), in_axes=1)
    step_backward = jax.vmap(passes.step_backward, in_axes=(0, None, 0))

    def before(time):
        """What step `time` was given: the first step nothing but the initial state, the others what was logged."""
        earlier = Given(at(shown.state, time - 1), at(inputs, time), reads[time - 1])
        return jax.tree.map(lambda a, b: jnp.where(time > 0, a, b), earlier, first._replace(inputs=earlier.inputs))

    def step(count, carry):
        parameters_cotangent, state_cotangent, read_cotangent, memory_carry, inputs_cotangent = carry
        time = steps - 1 - count
        asked = at(cotangent, time)
        memory_carry, action_cotangent = step_backward(memory_carry, time, asked.read + read_cotangent)
        action_cotangent = jax.tree.map(lambda a, b: a + b.astype(a.dtype), asked.action, action_cotangent)
        more, given_cotangent = pull(
            before(time), at(shown, time), at(extra, time), Shown(state_cotangent, asked.hidden, action_cotangent)
        )
        parameters_cotangent = jax.tree.map(jnp.add, parameters_cotangent, more)
        inputs_cotangent = store(inputs_cotangent, given_cotangent.inputs, time)
        return parameters_cotangent, given_cotangent.state, given_cotangent.read, memory_carry, inputs_cotangent

    zeros = jax.tree.map(jnp.zeros_like, (parameters, state, first.read))
    carry = *zeros, start_backward(shown.action), jax.tree.map(jnp.zeros_like, inputs)
    parameters_cotangent, state_cotangent, *_, inputs_cotangent = jax.lax.fori_loop(0, steps, step, carry)
    return parameters_cotangent, state_cotangent, inputs_cotangent


class Given(NamedTuple):
    """What a step of a batch is given."""

    state: PyTree[Array]
    inputs: PyTree[Array]
    read: Float[Array, "batch read"]


class Shown(NamedTuple):
    """What a step of a batch shows."""

    state: PyTree[Array]
    hidden: Float[Array, "batch hidden"]
    action: PyTree[Array]


class Taken(NamedTuple):
    """A step of a batch, differentiated: what it shows, its backward pass, and what only that has kept."""

    shown: Shown
    pull: PyTree[Array]
    extra: list[Array]


def take(act: Act, parameters: PyTree[Array], given: Given) -> Taken:
    """Take one step of a batch.

    Of the arrays that its backward pass keeps, those that were given or are shown are logged as such, and those whose
    shape does not depend on the size of the batch follow from the parameters alone. What is left must be logged too.
    """
    shown, pull = differentiate(act, parameters, given)
    larger = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct((leaf.shape[0] + 1, *leaf.shape[1:]), leaf.dtype), given)
    others = jax.tree.leaves(jax.eval_shape(lambda given: differentiate(act, parameters, given)[1], larger))
    logged = {id(leaf) for leaf in jax.tree.leaves((given, shown))}
    kept = zip(jax.tree.leaves(pull), others, strict=True)
    return Taken(shown, pull, [leaf for leaf, other in kept if leaf.shape != other.shape and id(leaf) not in logged])


def differentiate(act: Act, parameters: PyTree[Array], given: Given) -> tuple[Shown, Any]:
    """Return what a batch shows, and its backward pass: a function that is a tree of the arrays it has kept."""

    def batch(parameters, given):
        return Shown(*jax.vmap(act, in_axes=(None, 0, 0, 0))(parameters, *given))

    return jax.vjp(batch, parameters, given)


def pull_from(act: Act, parameters: PyTree[Array], given: Given) -> Callable[..., tuple[PyTree[Array], Given]]:
    """Return the backward pass of any step: a function of what it was given, showed and kept, and of cotangents.

    What is computed here of the first step is needed for its form only, and the compiler drops it.
    """
    taken = take(act, parameters, given)
    names = [id(leaf) for leaf in jax.tree.leaves((given, taken.shown, taken.extra))]

    def pull(given, shown, extra, cotangent):
        logged = dict(zip(names, jax.tree.leaves((given, shown, extra)), strict=True))
        leaves, form = jax.tree.flatten(taken.pull)
        return jax.tree.unflatten(form, [logged.get(id(leaf), leaf) for leaf in leaves])(cotangent)

    return pull


def unique(taken: Taken) -> list[Array]:
    """Return what must be logged of a step, each array once."""
    return list({id(leaf): leaf for leaf in jax.tree.leaves((taken.shown, taken.extra))}.values())


def restore(taken: Taken, logs: list[Array]) -> tuple[Shown, list[Array]]:
    """Return the logs of the arrays in `unique` in the form in which a step shows them."""
    names = dict(zip([id(leaf) for leaf in unique(taken)], logs, strict=True))
    return jax.tree.map(lambda leaf: names[id(leaf)], (taken.shown, taken.extra))


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
