"""A controller is a pile of layers, each a cell that is stepped through time."""

import abc

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray, PyTree


class AbstractLayer(eqx.Module):
    """One layer of a controller: one example, one step.

    The input enters linearly, through `project`, so that the projections of a whole sequence are one matrix product
    outside the loop over time and anything else that is linear (a read) can be added to them.
    """

    hidden_size: eqx.AbstractVar[int]

    @abc.abstractmethod
    def __init__(self, input_size: int, hidden_size: int, input_scale: float = 1.0, *, key: PRNGKeyArray):
        """Draw the first weights, those of the input multiplied by `input_scale`."""

    @property
    @abc.abstractmethod
    def projected_size(self) -> int:
        """Width of a projected input."""

    @abc.abstractmethod
    def init(self) -> PyTree[Array]:
        """Return the state before the first step (learned)."""

    @abc.abstractmethod
    def project(self, x: Float[Array, "*batch input"]) -> Float[Array, "*batch {self.projected_size}"]:
        """Return the linear part of the input, bias included."""

    @abc.abstractmethod
    def step(
        self, state: PyTree[Array], projected: Float[Array, " {self.projected_size}"]
    ) -> tuple[PyTree[Array], Float[Array, " {self.hidden_size}"]]:
        """Take one step; return the new state and what the layer shows."""


class AbstractController(eqx.Module):
    """What drives a memory: it takes an input a step and shows a vector, one example at a time."""

    @property
    @abc.abstractmethod
    def projected_size(self) -> int:
        """Width of a projected input."""

    @property
    @abc.abstractmethod
    def hidden_size(self) -> int:
        """Width of what the controller shows."""

    @abc.abstractmethod
    def init(self) -> PyTree[Array]:
        """Return the state before the first step."""

    @abc.abstractmethod
    def project(self, x: Float[Array, "*batch input"]) -> Float[Array, "*batch projected"]:
        """Return the linear view of the input, for any number of steps at once; a read can be added to it."""

    @abc.abstractmethod
    def step(
        self, state: PyTree[Array], projected: Float[Array, " projected"]
    ) -> tuple[PyTree[Array], Float[Array, " hidden"]]:
        """Take one step; return the new state and what the controller shows."""


class Controller(AbstractController):
    """Layers on top of each other; the first takes the machine's input, the last drives the memory.

    Examples:
        >>> import jax, jax.numpy as jnp, neuralstack as ns
        >>> controller = ns.Controller.of(ns.CONTROLLERS["lstm"], 3, 8, layers=2, key=jax.random.key(0))
        >>> state, hidden = controller.step(controller.init(), controller.project(jnp.ones(3)))
        >>> hidden.shape
        (8,)
    """

    layers: tuple[AbstractLayer, ...]

    def __init__(self, layers: tuple[AbstractLayer, ...]):
        self.layers = layers

    @classmethod
    def of(
        cls,
        layer: type[AbstractLayer],
        input_size: int,
        hidden_size: int,
        *,
        layers: int = 1,
        input_scale: float = 1.0,
        key: PRNGKeyArray,
    ) -> "Controller":
        """Build `layers` layers of one kind.

        Args:
            layer: The class of the layers, one of `CONTROLLERS`.
            input_size: Width of the input, at least 1.
            hidden_size: Width of every layer, at least 1.
            layers: How many, at least 1.
            input_scale: What the first layer's input weights are multiplied by at the start; below 1 is a quiet input.
            key: Source of the first weights.

        Raises:
            ValueError: If a size is below 1.
        """
        if min(input_size, hidden_size, layers) < 1:
            raise ValueError(f"a controller's sizes must be at least 1, got {input_size=}, {hidden_size=}, {layers=}.")
        keys = jax.random.split(key, layers)
        first = layer(input_size, hidden_size, input_scale, key=keys[0])
        return cls((first, *(layer(hidden_size, hidden_size, 1.0, key=key) for key in keys[1:])))

    @property
    def projected_size(self):
        return self.layers[0].projected_size

    @property
    def hidden_size(self):
        return self.layers[-1].hidden_size

    def init(self):
        """Return the learned states of all layers before the first step."""
        return tuple(layer.init() for layer in self.layers)

    def project(self, x):
        """Return the first layer's view of the input, for any number of steps at once."""
        return self.layers[0].project(x)

    def step(self, state, projected):
        """Take one step through all layers; return their new states and what the last one shows."""
        first, *others = self.layers
        new, hidden = first.step(state[0], projected)
        states = [new]
        for layer, old in zip(others, state[1:], strict=True):
            new, hidden = layer.step(old, layer.project(hidden))
            states.append(new)
        return tuple(states), hidden


def glorot(key: PRNGKeyArray, rows: int, columns: int, scale: float = 1.0) -> Float[Array, "{rows} {columns}"]:
    """Draw a weight matrix uniformly so that the variance survives it both ways (Glorot & Bengio, 2010)."""
    limit = scale * (6 / max(rows + columns, 1)) ** 0.5
    return jax.random.uniform(key, (rows, columns), minval=-limit, maxval=limit)
