"""The contract of a memory: an empty state, a decoder for raw numbers, and a step; the rest has defaults."""

import abc
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, dataclass_transform

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike
from jaxtyping import Array, Bool, Float, Int, PyTree

from neuralstack._varying import vary_like, vary_together
from neuralstack.memories._decisions import AbstractDecisions
from neuralstack.memories._observation import Observation, observe_cells
from neuralstack.memories._recompute import CheckpointedVJP
from neuralstack.memories._run import reads_of
from neuralstack.memories._sequence_vjp import AbstractSequenceVJP
from neuralstack.memories._validation import fit_decoded


@dataclass_transform(frozen_default=True)
class AbstractMemory(AbstractDecisions):
    """A differentiable data structure for one sequence: no weights, no batch axis, no randomness.

    Subclasses define three methods, `init`, `decode` and `step`, and two sizes, `action_size` and `read_size`, as
    properties or class attributes. Everything else has a default. Every method handles one step of one sequence, or one
    whole sequence; use `jax.vmap` for a batch. Capacity is the number of steps, so no pushed element is ever lost.

    Each subclass becomes a frozen dataclass, without a decorator. Its fields are options such as a width: numbers,
    strings or other memories. They are static under JAX's transformations, so they must be hashable and not arrays.

    Examples:
        A vector that is overwritten in proportion to a gate:

        >>> import jax, jax.numpy as jnp, neuralstack as ns
        >>> class Register(ns.AbstractMemory):
        ...     width: int = 8
        ...     action_size = property(lambda self: self.width + 1)
        ...     read_size = property(lambda self: self.width)
        ...
        ...     def init(self, steps, dtype=None):
        ...         return jnp.zeros(self.width, dtype)
        ...
        ...     def decode(self, raw):
        ...         return jax.nn.sigmoid(raw[0]), jnp.tanh(raw[1:])
        ...
        ...     def step(self, state, action):
        ...         gate, value = action
        ...         state = gate * value + (1 - gate) * state
        ...         return state, state
        >>> register = Register(width=1)
        >>> ns.run(register, (jnp.array([1.0, 0.5]), jnp.array([[4.0], [8.0]])))[:, 0].tolist()
        [4.0, 6.0]
    """

    def __init_subclass__(cls, **options: Any):
        super().__init_subclass__(**options)
        dataclass(frozen=True)(cls)
        jax.tree_util.register_static(cls)

    @property
    @abc.abstractmethod
    def read_size(self) -> int:
        """Size of the vector that is read at each step."""

    @abc.abstractmethod
    def init(self, steps: int, dtype: DTypeLike | None = None) -> PyTree[Array]:
        """Return the empty memory with room for `steps` steps, holding values of `dtype`."""

    @abc.abstractmethod
    def decode(self, raw: Float[Array, " {self.action_size}"]) -> Any:
        """Convert a controller's raw numbers to an action."""

    @abc.abstractmethod
    def step(self, state: PyTree[Array], action: Any) -> tuple[PyTree[Array], Float[Array, " {self.read_size}"]]:
        """Apply one action; return the new state and the read."""

    @property
    def value_widths(self) -> tuple[int, ...]:
        """Widths of the values in a raw action, in order; they follow the gates. By default, the rest is one value."""
        rest = self.action_size - sum(self.gate_widths)
        return (rest,) if rest else ()

    def initial_bias(self) -> Float[Array, " {self.action_size}"]:
        """Return an initial bias for a machine's raw numbers with which it learns well. Defaults to zeros."""
        return jnp.zeros(self.action_size)

    def check(self, action: Any, *, steps: bool = False) -> Any:
        """Return an action of one step, or of all `steps`, as arrays of floating dtypes.

        By default, its structure and shapes must be those that `decode` returns.

        Raises:
            ValueError: If a shape or the structure does not fit.
        """
        return fit_decoded(self, action, steps=steps)

    def sequence_vjp(self, *, portable: bool = False) -> AbstractSequenceVJP:
        """Return the forward and backward passes over sequences; `portable` ones run on any platform, not only on CPUs.

        Defaults to checkpointed gradients of `step`, whose space grows with the square root of the length.
        """
        return CheckpointedVJP(self)

    def emptied(self, action: Any, starts: Bool[Array, " steps"]) -> Any:
        """Return checked actions that empty the memory before each step in `starts`.

        Raises:
            TypeError: By default: only the memories with strengths have such actions.
        """
        raise TypeError(
            f"{type(self).__name__} has no action that empties it: leave starts out, and run each sequence alone."
        )

    def run(
        self,
        action: Any,
        steps: Int[Array, ""] | int | None = None,
        starts: Bool[Array, " steps"] | None = None,
    ) -> Float[Array, "steps {self.read_size}"]:
        """Apply the actions of a whole sequence at once.

        If the length is symbolic, in `jax.export`, this is `scan`.

        Args:
            action: The actions; each field has a leading axis of steps.
            steps: Number of reads that are needed, from the first on; may be known at run time only. The other reads
                are not defined. Defaults to all.
            starts: The first step of each of several sequences laid end to end, before which the memory is emptied: the
                reads and the gradients are those of each sequence alone. Defaults to one sequence.

        Raises:
            TypeError: For forward-mode and higher derivatives, which only `scan` supports. Under `jax.jit` it is JAX
                that refuses forward mode, without a word about `scan`. For `starts`, if no action empties the memory.

        Examples:
            >>> import jax.numpy as jnp, neuralstack as ns
            >>> action = ns.Action(jnp.full(4, 0.5), jnp.zeros(4), jnp.array([[1.0], [2.0], [3.0], [4.0]]))
            >>> ns.NeuralStack(width=1).run(action, starts=jnp.array([True, False, True, False]))[:, 0].tolist()
            [0.5, 1.5, 1.5, 3.5]
        """
        action = self.check(action, steps=True)
        if starts is not None:
            action = self.emptied(action, jnp.asarray(starts, bool))
        length = jax.tree.leaves(action)[0].shape[0]
        if not isinstance(length, int):
            return self.scan(action)
        return reads_of(self, *vary_together((action, jnp.asarray(length if steps is None else steps))))

    def scan(self, action: Any) -> Float[Array, "steps {self.read_size}"]:
        """Apply the actions of a whole sequence with a plain `jax.lax.scan` of `step`, and return every read.

        It supports every derivative that the steps support: forward mode, Hessians, gradients of gradients. In return
        it uses no kernels, and its backward pass stores the state of every step.

        Examples:
            >>> import jax, jax.numpy as jnp, neuralstack as ns
            >>> stack, half = ns.NeuralStack(width=1), jnp.array([0.5])
            >>> read = lambda value: stack.scan(ns.Action(half, half, value))
            >>> print(jax.jvp(read, (jnp.ones((1, 1)),), (jnp.ones((1, 1)),))[1])
            [[0.5]]
        """
        action = self.check(action, steps=True)
        length, dtype = jax.tree.leaves(action)[0].shape[0], jax.tree.leaves(action)[-1].dtype
        return jax.lax.scan(self.step, vary_like(self.init(length, dtype), action), action)[1]

    def strengths(self, state: PyTree[Array]) -> Float[Array, " cells"]:
        """Return the strength of each element. Defaults to the magnitude of each floating number in the state."""
        leaves = [jnp.asarray(leaf) for leaf in jax.tree.leaves(state)]
        return jnp.concatenate(
            [jnp.zeros(0), *(jnp.abs(leaf).ravel() for leaf in leaves if jnp.issubdtype(leaf.dtype, jnp.floating))]
        )

    def total_strengths(self, action: Any) -> Float[Array, "steps stores"]:
        """Return the total strength that each stack or queue of the memory holds after each step of a sequence.

        It is the depth of a stack and the length of a queue, in elements: the sum of their `strengths`. Defaults to no
        columns, for memories that have no such number.

        Examples:
            >>> import jax.numpy as jnp, neuralstack as ns
            >>> action = ns.Action(jnp.array([1.0, 0.5, 0.0]), jnp.array([0.0, 0.0, 0.75]), jnp.ones((3, 1)))
            >>> ns.NeuralStack(width=1).total_strengths(action)[:, 0].tolist()
            [1.0, 1.5, 0.75]
        """
        leaf = jnp.asarray(jax.tree.leaves(action)[0])
        return jnp.zeros((leaf.shape[0], 0), leaf.dtype)

    def observe(self, action: Any, strengths: Float[np.ndarray, "steps cells"]) -> Sequence[Observation]:
        """Return the contents over a sequence, for traces and figures: an `Observation` for each data structure.

        Defaults to one of numbered cells.

        Args:
            action: The actions of all steps, as NumPy arrays.
            strengths: The result of `strengths` after each step, as a NumPy array.
        """
        return [observe_cells(strengths)]


def run(memory: AbstractMemory, action: Any) -> Float[Array, "steps read"]:
    """Apply a whole sequence of actions to an empty memory and return every read.

    Args:
        memory: The memory.
        action: Its actions; each field has a leading axis of steps.

    Returns:
        The reads, in the dtype of the values.

    Raises:
        ValueError: If the fields differ in their number of steps, or the value does not have the memory's width.

    Examples:
        The stack of Grefenstette et al. (2015), Figure 1a:

        >>> import neuralstack as ns
        >>> reads = ns.run(ns.NeuralStack(width=1), ns.Action([0.8, 0.5, 0.9], [0.0, 0.1, 0.9], [[1.0], [2.0], [3.0]]))
        >>> [round(float(read), 6) for read in reads[:, 0]]
        [0.8, 1.5, 2.8]
    """
    return memory.run(jax.tree.map(jnp.asarray, action, is_leaf=lambda leaf: isinstance(leaf, list)))
