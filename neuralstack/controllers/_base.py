"""The contract of a controller: an initial state and a step, for one example at a time."""

import abc

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from neuralstack._rounding import Rounding


class AbstractController(eqx.Module):
    """A recurrent network that drives a memory: it maps an input and a state to a new state and a hidden vector.

    Required are `input_size`, `hidden_size`, `init` and `step`. A controller whose input enters linearly may also
    override `projected_size`, `project` and `step_projected`: the machine then projects a whole sequence in one matrix
    product outside the loop over time, and adds the projected feedback at each step.

    Examples:
        A controller that averages its inputs:

        >>> import jax, jax.numpy as jnp, neuralstack as ns
        >>> class Average(ns.AbstractController):
        ...     input_size: int = 4
        ...     hidden_size: int = 4
        ...
        ...     def init(self):
        ...         return jnp.zeros(4)
        ...
        ...     def step(self, state, x):
        ...         state = 0.9 * state + 0.1 * x
        ...         return state, state
        >>> machine = ns.Machine(Average(), ns.NeuralStack(8), 5, key=jax.random.key(0))
        >>> machine(jnp.array([0, 3, 4])).shape
        (3, 5)
    """

    input_size: eqx.AbstractVar[int]
    """Width of an input."""
    hidden_size: eqx.AbstractVar[int]
    """Width of a hidden vector."""

    @abc.abstractmethod
    def init(self) -> PyTree[Array]:
        """Return the state before the first step."""

    @abc.abstractmethod
    def step(
        self, state: PyTree[Array], x: Float[Array, " input"]
    ) -> tuple[PyTree[Array], Float[Array, " {self.hidden_size}"]]:
        """Take one step; return the new state and the hidden vector."""

    @property
    def projected_size(self) -> int:
        """Width of a projected input; defaults to `input_size`."""
        return self.input_size

    def project(self, x: Float[Array, "*batch input"]) -> Float[Array, "*batch {self.projected_size}"]:
        """Return the linear part of the input, for any number of steps at once; defaults to the input itself."""
        return x

    def step_projected(
        self, state: PyTree[Array], projected: Float[Array, " {self.projected_size}"]
    ) -> tuple[PyTree[Array], Float[Array, " {self.hidden_size}"]]:
        """Take one step from a projected input: `step(state, x)` equals `step_projected(state, project(x))`."""
        return self.step(state, projected)

    def step_rounded(
        self, state: PyTree[Array], projected: Float[Array, " {self.projected_size}"], rounding: Rounding
    ) -> tuple[PyTree[Array], Float[Array, " {self.hidden_size}"]]:
        """Take one step from a projected input, and round the new state and the hidden vector."""
        return rounding(self.step_projected(state, projected))


class AbstractLayer(eqx.Module):
    """One layer of a controller, whose input enters linearly through `project`."""

    hidden_size: eqx.AbstractVar[int]
    input_weights: eqx.AbstractVar[Float[Array, "input projected"]]

    @abc.abstractmethod
    def __init__(self, input_size: int, hidden_size: int, input_scale: float = 1.0, *, key: PRNGKeyArray):
        """Draw the initial weights, those of the input multiplied by `input_scale`."""

    @abc.abstractmethod
    def init(self) -> PyTree[Array]:
        """Return the learned state before the first step."""

    @abc.abstractmethod
    def project(self, x: Float[Array, "*batch input"]) -> Float[Array, "*batch projected"]:
        """Return the linear part of the input, bias included."""

    @abc.abstractmethod
    def step_projected(
        self, state: PyTree[Array], projected: Float[Array, " projected"]
    ) -> tuple[PyTree[Array], Float[Array, " {self.hidden_size}"]]:
        """Take one step; return the new state and the hidden vector."""


def glorot(key: PRNGKeyArray, rows: int, columns: int, scale: float = 1.0) -> Float[Array, "{rows} {columns}"]:
    """Draw a uniform weight matrix that keeps the variance of activations and gradients (Glorot & Bengio, 2010)."""
    limit = scale * (6 / max(rows + columns, 1)) ** 0.5
    return jax.random.uniform(key, (rows, columns), minval=-limit, maxval=limit)
