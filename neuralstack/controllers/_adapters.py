"""Adapters for Equinox cells and user-defined modules as controllers."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from neuralstack._arguments import describe_object
from neuralstack.controllers._base import AbstractController

EXAMPLE = "ns.GRU(16, 32, key=key)"


class CellController(AbstractController):
    """An `eqx.nn.GRUCell` or `eqx.nn.LSTMCell` as a controller, with a learned initial state.

    `ns.Machine` wraps such cells automatically.

    Args:
        cell: The cell.

    Raises:
        TypeError: If the cell is of another class.

    Examples:
        >>> import equinox as eqx, jax, jax.numpy as jnp, neuralstack as ns
        >>> controller = ns.CellController(eqx.nn.LSTMCell(3, 8, key=jax.random.key(0)))
        >>> state, hidden = controller.step(controller.init(), jnp.ones(3))
        >>> hidden.shape
        (8,)
    """

    cell: eqx.nn.GRUCell | eqx.nn.LSTMCell
    initial: PyTree[Float[Array, " hidden"]]

    def __init__(self, cell: eqx.nn.GRUCell | eqx.nn.LSTMCell):
        if not isinstance(cell, eqx.nn.GRUCell | eqx.nn.LSTMCell):
            raise TypeError(f"cell must be an eqx.nn.GRUCell or an eqx.nn.LSTMCell, got {describe_object(cell)}.")
        zeros = jnp.zeros(cell.hidden_size, cell.weight_hh.dtype)
        self.cell = cell
        self.initial = zeros if isinstance(cell, eqx.nn.GRUCell) else (zeros, jnp.zeros_like(zeros))

    @property
    def input_size(self):  # pyright: ignore[reportIncompatibleVariableOverride]
        """Width of an input."""
        return self.cell.input_size

    @property
    def hidden_size(self):  # pyright: ignore[reportIncompatibleVariableOverride]
        """Width of a hidden vector."""
        return self.cell.hidden_size

    def init(self):
        """Return the learned state before the first step."""
        return self.initial

    def step(self, state, x):
        """Take one step; return the new state and the hidden vector."""
        state = self.cell(x, state)
        return state, state[0] if isinstance(state, tuple) else state


class ModuleController(AbstractController):
    """Any module with `init()` and `step(state, x)` as a controller.

    `ns.Machine` wraps such modules automatically.

    Args:
        module: The module; `step` returns the new state and a hidden vector.
        input_size: Width of an input. Defaults to the module's own `input_size`.

    Raises:
        TypeError: If the module lacks one of the two methods.
        ValueError: If its input size is not known, or `step` cannot be scanned over time.
    """

    arrays: Any
    structure: tuple[Any, Any] = eqx.field(static=True)
    """Everything in the module but arrays, such as activation functions, which cannot be traced as arguments."""
    input_size: int = eqx.field(static=True)
    hidden_size: int = eqx.field(static=True)

    def __init__(self, module: Any, input_size: int | None = None):
        name = type(module).__name__
        lacking = [method for method in ("init", "step") if not callable(getattr(module, method, None))]
        if lacking or isinstance(module, type):
            raise TypeError(f"a controller is an object with init() and step(state, x), got {describe_object(module)}.")
        size = getattr(module, "input_size", None) if input_size is None else input_size
        if size is None:
            raise ValueError(f"{name} has no input_size: give embedding_dim, the width of its inputs.")
        state = jax.eval_shape(module.init)
        after, hidden = jax.eval_shape(lambda: module.step(jax.tree.map(jnp.asarray, module.init()), jnp.zeros(size)))
        if forms(state) != forms(after):
            raise ValueError(
                f"{name}.step must return a state of the same shapes and dtypes as {name}.init(), got {forms(after)} "
                f"after {forms(state)}."
            )
        if any(not jnp.issubdtype(leaf.dtype, jnp.inexact) for leaf in jax.tree.leaves(state)):
            raise ValueError(f"the state of a controller must be floating-point arrays, got {forms(state)} of {name}.")
        if getattr(hidden, "ndim", None) != 1:
            raise ValueError(f"{name}.step must return a state and a hidden vector, got {forms(hidden)}.")
        self.arrays, rest = eqx.partition(module, is_array)
        leaves, treedef = jax.tree.flatten(rest)
        self.structure = tuple(leaves), treedef
        self.input_size = size
        self.hidden_size = hidden.shape[0]

    @property
    def module(self) -> Any:
        """The module."""
        leaves, treedef = self.structure
        return eqx.combine(self.arrays, jax.tree.unflatten(treedef, leaves))

    def init(self):
        """Return the state before the first step."""
        return jax.tree.map(jnp.asarray, self.module.init())

    def step(self, state, x):
        """Take one step; return the new state and the hidden vector."""
        return self.module.step(state, x)


def as_controller(controller: Any, embedding_dim: int | None = None) -> AbstractController:
    """Return the object itself if it is a controller, or wrap an Equinox cell or a module with `init` and `step`.

    Raises:
        TypeError: If the object is none of these.
        ValueError: If `embedding_dim` differs from the controller's input size, or neither is known.
    """
    if isinstance(controller, str | type):
        raise TypeError(f"controller must be an object such as {EXAMPLE}, got {describe_object(controller)}.")
    if isinstance(controller, eqx.nn.GRUCell | eqx.nn.LSTMCell):
        controller = CellController(controller)
    if not isinstance(controller, AbstractController):
        controller = ModuleController(controller, getattr(controller, "input_size", embedding_dim))
    if embedding_dim not in (None, controller.input_size):
        raise ValueError(
            f"the embedding is the controller's input, so both must be equally wide, got embedding_dim={embedding_dim} "
            f"and a controller of input_size={controller.input_size}."
        )
    return controller


def is_array(leaf: Any) -> bool:
    """Return whether a leaf is an array, or the shape and dtype of one."""
    return hasattr(leaf, "dtype") and hasattr(leaf, "shape")


def forms(tree: PyTree) -> PyTree[str]:
    """Return the shapes and dtypes of the arrays of a tree, as short text."""
    return jax.tree.map(lambda leaf: f"{leaf.dtype}{list(leaf.shape)}", tree)
