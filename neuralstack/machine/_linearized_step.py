"""One step of a batch, differentiated as it is taken, and what must be logged of it to go backwards later.

The backward pass of a step needs arrays that the step was given, showed or computed on the way. Each is logged once:
what a step was given of the state and the read, the step before has shown.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

Act = Callable[[PyTree, PyTree, PyTree, Array], tuple[PyTree, PyTree, PyTree]]
"""A pure function of one example and one step, `(parameters, state, input, read) -> (state, hidden, action)`."""


class StepInputs(NamedTuple):
    """What a step of a batch is given."""

    state: PyTree[Array]
    inputs: PyTree[Array]
    read: Float[Array, "batch read"]


class StepOutputs(NamedTuple):
    """What a step of a batch shows."""

    state: PyTree[Array]
    hidden: Float[Array, "batch hidden"]
    action: PyTree[Array]


class LinearizedStep(NamedTuple):
    """A step of a batch, differentiated: what it shows, its backward pass, and what only that has kept."""

    shown: StepOutputs
    pull: PyTree[Array]
    extra: list[Array]


def linearize(act: Act, parameters: PyTree[Array], given: StepInputs) -> LinearizedStep:
    """Take one step of a batch.

    Of the arrays that its backward pass keeps, those that were given or are shown are logged as such, and those whose
    shape does not depend on the size of the batch follow from the parameters alone. What is left must be logged too.
    """
    shown, pull = differentiate(act, parameters, given)
    larger = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct((leaf.shape[0] + 1, *leaf.shape[1:]), leaf.dtype), given)
    others = jax.tree.leaves(jax.eval_shape(lambda given: differentiate(act, parameters, given)[1], larger))
    logged = {id(leaf) for leaf in jax.tree.leaves((given, shown))}
    kept = zip(jax.tree.leaves(pull), others, strict=True)
    return LinearizedStep(
        shown, pull, [leaf for leaf, other in kept if leaf.shape != other.shape and id(leaf) not in logged]
    )


def differentiate(act: Act, parameters: PyTree[Array], given: StepInputs) -> tuple[StepOutputs, Any]:
    """Return what a batch shows, and its backward pass: a function that is a tree of the arrays it has kept."""

    def batch(parameters, given):
        return StepOutputs(*jax.vmap(act, in_axes=(None, 0, 0, 0))(parameters, *given))

    return jax.vjp(batch, parameters, given)


def pullback_like(
    act: Act, parameters: PyTree[Array], given: StepInputs
) -> Callable[..., tuple[PyTree[Array], StepInputs]]:
    """Return the backward pass of any step: a function of what it was given, showed and kept, and of cotangents.

    What is computed here of the first step is needed for its form only, and the compiler drops it.
    """
    linearized = linearize(act, parameters, given)
    names = [id(leaf) for leaf in jax.tree.leaves((given, linearized.shown, linearized.extra))]

    def pull(given, shown, extra, cotangent):
        logged = dict(zip(names, jax.tree.leaves((given, shown, extra)), strict=True))
        leaves, form = jax.tree.flatten(linearized.pull)
        return jax.tree.unflatten(form, [logged.get(id(leaf), leaf) for leaf in leaves])(cotangent)

    return pull


def unique(linearized: LinearizedStep) -> list[Array]:
    """Return what must be logged of a step, each array once."""
    return list({id(leaf): leaf for leaf in jax.tree.leaves((linearized.shown, linearized.extra))}.values())


def restore(linearized: LinearizedStep, logs: list[Array]) -> tuple[StepOutputs, list[Array]]:
    """Return the logs of the arrays in `unique` in the form in which a step shows them."""
    names = dict(zip([id(leaf) for leaf in unique(linearized)], logs, strict=True))
    return jax.tree.map(lambda leaf: names[id(leaf)], (linearized.shown, linearized.extra))


def at(logs: PyTree[Array], time: Int[Array, ""] | int) -> PyTree[Array]:
    """Return what logs of all steps hold of one."""
    return jax.tree.map(lambda log: log[time], logs)


def blank(tree: PyTree[Any], length: int) -> PyTree[Array]:
    """Return empty logs of `length` steps, each of which gives such a tree."""
    return jax.tree.map(lambda leaf: jnp.zeros((length, *leaf.shape), leaf.dtype), tree)


def store(logs: PyTree[Array], now: PyTree[Array], time: Int[Array, ""]) -> PyTree[Array]:
    """Write what one step gave into the logs of all steps."""
    return jax.tree.map(lambda log, leaf: jax.lax.dynamic_update_index_in_dim(log, leaf, time, 0), logs, now)
