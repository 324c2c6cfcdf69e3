"""One step of a batch, linearized in the forward pass, and the residuals that its backward pass needs.

Residuals are inputs, outputs or intermediate results of the step. Each is logged once: the state and the read that are
inputs of a step are outputs of the previous step.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from neuralstack._varying import vary_like

Act = Callable[[PyTree, PyTree, PyTree, Array], tuple[PyTree, PyTree, PyTree]]
"""A pure function of one example and one step, `(parameters, state, input, read) -> (state, hidden, action)`."""


class StepInputs(NamedTuple):
    """Inputs of a step of a batch."""

    state: PyTree[Array]
    inputs: PyTree[Array]
    read: Float[Array, "batch read"]


class StepOutputs(NamedTuple):
    """Outputs of a step of a batch."""

    state: PyTree[Array]
    hidden: Float[Array, "batch hidden"]
    action: PyTree[Array]


class LinearizedStep(NamedTuple):
    """A step of a batch: its outputs, its pullback, and the residuals that are neither inputs nor outputs."""

    outputs: StepOutputs
    pullback: PyTree[Array]
    residuals: list[Array]


def linearize(act: Act, parameters: PyTree[Array], inputs: StepInputs) -> LinearizedStep:
    """Take one step of a batch.

    Of the residuals of its pullback, inputs and outputs are logged anyway, and those whose shape does not depend on the
    batch size follow from the parameters alone. The others are returned, to be logged too.
    """
    outputs, pullback = differentiate(act, parameters, inputs)

    def of_larger_batch(inputs):
        larger = jax.tree.map(lambda leaf: jnp.zeros_like(leaf, shape=(leaf.shape[0] + 1, *leaf.shape[1:])), inputs)
        return differentiate(act, parameters, larger)[1]

    of_larger = jax.tree.leaves(jax.eval_shape(of_larger_batch, inputs))
    logged = {id(leaf) for leaf in jax.tree.leaves((inputs, outputs))}
    pairs = zip(jax.tree.leaves(pullback), of_larger, strict=True)
    residuals = [leaf for leaf, other in pairs if leaf.shape != other.shape and id(leaf) not in logged]
    return LinearizedStep(outputs, pullback, residuals)


def differentiate(act: Act, parameters: PyTree[Array], inputs: StepInputs) -> tuple[StepOutputs, Any]:
    """Return the outputs of a batch and its pullback, a function that is a pytree of its residuals."""

    def batch(parameters, inputs):
        outputs = StepOutputs(*jax.vmap(act, in_axes=(None, 0, 0, 0))(parameters, *inputs))
        return vary_like(outputs, inputs)

    return jax.vjp(batch, parameters, inputs)


def pullback_like(
    act: Act, parameters: PyTree[Array], inputs: StepInputs
) -> Callable[..., tuple[PyTree[Array], StepInputs]]:
    """Return the pullback of any step, as a function of its inputs, outputs, residuals and output cotangents.

    The arrays computed here are needed for their structure only; the compiler removes them.
    """
    linearized = linearize(act, parameters, inputs)
    names = [id(leaf) for leaf in jax.tree.leaves((inputs, linearized.outputs, linearized.residuals))]

    def pullback(inputs, outputs, residuals, cotangent):
        logged = dict(zip(names, jax.tree.leaves((inputs, outputs, residuals)), strict=True))
        leaves, structure = jax.tree.flatten(linearized.pullback)
        return jax.tree.unflatten(structure, [logged.get(id(leaf), leaf) for leaf in leaves])(cotangent)

    return pullback


def unique(linearized: LinearizedStep) -> list[Array]:
    """Return the outputs and residuals of a step, each array once."""
    return list({id(leaf): leaf for leaf in jax.tree.leaves((linearized.outputs, linearized.residuals))}.values())


def restore(linearized: LinearizedStep, logs: list[Array]) -> tuple[StepOutputs, list[Array]]:
    """Return the logs of the arrays of `unique` in the structure of outputs and residuals."""
    names = dict(zip([id(leaf) for leaf in unique(linearized)], logs, strict=True))
    return jax.tree.map(lambda leaf: names[id(leaf)], (linearized.outputs, linearized.residuals))


def at(logs: PyTree[Array], time: Int[Array, ""] | int) -> PyTree[Array]:
    """Return the entries of one step in the logs of all steps."""
    return jax.tree.map(lambda log: log[time], logs)


def store(logs: PyTree[Array], entries: PyTree[Array], time: Int[Array, ""]) -> PyTree[Array]:
    """Write the entries of one step into the logs of all steps."""
    return jax.tree.map(lambda log, leaf: jax.lax.dynamic_update_index_in_dim(log, leaf, time, 0), logs, entries)


def clear_from(logs: PyTree[Array], time: Int[Array, ""]) -> PyTree[Array]:
    """Return the logs with zeros from a step on."""
    length = jax.tree.leaves(logs)[0].shape[0]
    zeros = jax.tree.map(lambda log: jnp.zeros_like(log, shape=log.shape[1:]), logs)
    return jax.lax.fori_loop(jnp.clip(time, 0, length), length, lambda time, logs: store(logs, zeros, time), logs)
