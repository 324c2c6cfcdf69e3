"""Behavior of a machine from a state of its controller on.

An action label encodes the action at a step as one number: which gates are open and, if anything is pushed, the answer
of a machine that reads only that.
"""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from neuralstack.controllers import phase_of
from neuralstack.machine import Machine, gate_weights, logits, raw_action, rounding_of
from neuralstack.memories import Action


@partial(jax.jit, static_argnames="count")
def successors(
    machine: Machine, states: PyTree[Array], tokens: Int[Array, " tokens"], count: int
) -> tuple[PyTree[Array], Array]:
    """Return the states to which each token leads from each of `count` states of a controller, with hidden vectors.

    Both have the axes [states, tokens, ...]. The count is an argument because some controllers have no state, and so no
    array to infer it from.
    """
    step = partial(machine.controller.step_rounded, rounding=rounding_of(machine.quantized))
    step = jax.vmap(jax.vmap(step, in_axes=(None, 0)), in_axes=(0, None), axis_size=count)
    return step(states, machine.controller.project(machine.embedding)[tokens])


@jax.jit
def signatures(
    machine: Machine, states: PyTree[Array], hidden: Float[Array, "states hidden"], probes: Int[Array, "words length"]
) -> Int[Array, "states labels"]:
    """Return the open gates in each state, given its hidden vector, followed by its action labels on each probe."""
    projected = machine.controller.project(machine.embedding)[probes]

    def follow(state, word, projected):
        def step(state, carry):
            token, row = carry
            state, hidden = machine.controller.step_rounded(state, row, rounding_of(machine.quantized))
            return state, _action_label(machine, hidden, token)

        return jax.lax.scan(step, state, (word, projected))[1]

    from_one = jax.vmap(follow, in_axes=(None, 0, 0))
    done = jax.vmap(from_one, in_axes=(0, None, None), axis_size=len(hidden))(states, probes, projected)
    return jnp.concatenate([open_gates(machine, hidden)[:, None], done.reshape(len(hidden), -1)], axis=1)


@jax.jit
def action_labels(
    machine: Machine, hidden: Float[Array, "states tokens hidden"], tokens: Int[Array, " tokens"]
) -> Int[Array, "states tokens"]:
    """Return the action label in the state to which each token led."""
    return jax.vmap(jax.vmap(_action_label, in_axes=(None, 0, 0)), in_axes=(None, 0, None))(machine, hidden, tokens)


def open_gates(machine: Machine, hidden: Float[Array, "*steps hidden"]) -> Int[Array, "*steps"]:
    """Return which gates of the memory are open for a hidden vector: two bits for each stack and queue."""
    gates = sum(machine.memory.gate_widths)
    raw = hidden @ gate_weights(machine) + machine.action_bias[:gates]
    values = jnp.zeros((*raw.shape[:-1], machine.memory.action_size - gates), raw.dtype)
    actions = decoded_ends(machine, jnp.concatenate([raw, values], axis=-1))
    done = [gate for action in actions for gate in (action.push, action.pop)]
    return phase_of(jnp.stack(done, axis=-1) - 0.5)


def actions_on(
    machine: Machine, hidden: Float[Array, "*steps hidden"], tokens: Int[Array, "*steps"]
) -> tuple[Action, ...]:
    """Return the action on each stack and queue, given the controller's hidden vectors and its input tokens.

    Raises:
        ValueError: If the actions also depend on the previous reads.
    """
    if machine.connection.gates_see_read or machine.connection.values_repeat_read:
        raise ValueError(
            "the actions of this machine also depend on the previous read, which is not known here: give a machine "
            "without gates_see_read and values_repeat_read."
        )
    return decoded_ends(machine, raw_action(machine, hidden, machine.embedding[tokens]))


def decoded_ends(machine: Machine, raw: Float[Array, "*steps action"]) -> tuple[Action, ...]:
    """Return the actions on each stack and queue that raw numbers are decoded to."""

    def decode(raw):
        return machine.memory.end_actions(rounding_of(machine.quantized)(machine.memory.decode(raw)))

    for _ in raw.shape[:-1]:
        decode = jax.vmap(decode)
    return decode(raw)


def _action_label(machine, hidden, token):
    actions, ends = actions_on(machine, hidden, token), machine.memory.ends()
    only_this = jnp.concatenate(
        [action.push * action.value + (1 - action.push) * end.empty for action, end in zip(actions, ends, strict=True)]
    )
    label = jnp.argmax(logits(machine, hidden, only_this))
    anything = jnp.any(jnp.stack([action.push for action in actions]) > 0.5)
    return open_gates(machine, hidden) + (1 << 2 * len(ends)) * jnp.where(anything, label + 1, 0)
