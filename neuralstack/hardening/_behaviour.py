"""What a machine does in a state of its controller, and what it would do from there.

A deed is one number for what is done at a step: which gates are open and, where anything is pushed, what a machine that
reads just that would answer.
"""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from neuralstack.controllers import phase_of
from neuralstack.machine import Machine
from neuralstack.memories import Action


@partial(jax.jit, static_argnames="count")
def successors(
    machine: Machine, states: PyTree[Array], tokens: Int[Array, " tokens"], count: int
) -> tuple[PyTree[Array], Array]:
    """Return the states that each token leads to from each of `count` states of a controller, and what it shows there.

    Both have the axes [states, tokens, ...]. There may be no array to tell the count from: some controllers have no
    state.
    """
    step = jax.vmap(jax.vmap(machine.controller.step, in_axes=(None, 0)), in_axes=(0, None), axis_size=count)
    return step(states, machine.controller.project(machine.embedding)[tokens])


@partial(jax.jit, static_argnames="count")
def futures(
    machine: Machine, states: PyTree[Array], words: Int[Array, "words length"], count: int
) -> Int[Array, "{count} words*length"]:
    """Return the deeds of a machine from each of `count` states, if it were then given each of some words."""
    projected = machine.controller.project(machine.embedding)[words]

    def follow(state, word, projected):
        def step(state, now):
            token, row = now
            state, hidden = machine.controller.step(state, row)
            return state, _deed(machine, hidden, token)

        return jax.lax.scan(step, state, (word, projected))[1]

    from_one = jax.vmap(follow, in_axes=(None, 0, 0))
    done = jax.vmap(from_one, in_axes=(0, None, None), axis_size=count)(states, words, projected)
    return done.reshape(count, -1)


@jax.jit
def deeds(
    machine: Machine, hidden: Float[Array, "states tokens hidden"], tokens: Int[Array, " tokens"]
) -> Int[Array, "states tokens"]:
    """Return what is done where each token led to."""
    return jax.vmap(jax.vmap(_deed, in_axes=(None, 0, 0)), in_axes=(None, 0, None))(machine, hidden, tokens)


def open_gates(machine: Machine, hidden: Float[Array, "*steps hidden"]) -> Int[Array, "*steps"]:
    """Return which gates are open where a controller shows `hidden`."""
    gates = sum(machine.memory.gate_widths)
    return phase_of(hidden @ machine.action_weights[:, :gates] + machine.action_bias[:gates])


def actions_on(machine: Machine, hidden: Float[Array, "*steps hidden"], tokens: Int[Array, "*steps"]):
    """Return the action on each memory where a controller shows `hidden` on being given tokens."""
    action = machine.memory.decode(machine.raw_action(hidden, machine.embedding[tokens]))
    return (action,) if isinstance(action, Action) else action


def _deed(machine, hidden, token):
    actions = actions_on(machine, hidden, token)
    only_this = jnp.concatenate([one.push * one.value for one in actions])
    label = jnp.argmax(machine.logits(hidden, only_this))
    anything = jnp.any(jnp.stack([one.push for one in actions]) > 0.5)
    return open_gates(machine, hidden) + (1 << sum(machine.memory.gate_widths)) * jnp.where(anything, label + 1, 0)
