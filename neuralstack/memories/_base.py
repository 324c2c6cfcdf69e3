"""What every memory is: an empty state, a way to read a controller's numbers, and a step."""

import abc
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Int, PyTree


class Action(NamedTuple):
    """What a controller asks of a memory with one end, at one step or at every step of a sequence.

    Python numbers, lists and NumPy arrays are taken wherever JAX arrays are.

    Attributes:
        push: Push strength in [0, 1], of shape [] or [steps].
        pop: Pop strength in [0, 1], of the same shape.
        value: The pushed vector, of shape [width] or [steps, width].
    """

    push: Any
    pop: Any
    value: Any


class DequeAction(NamedTuple):
    """What a controller asks of a memory with two ends: an `Action` for each."""

    top: Action
    bottom: Action


class MixedAction(NamedTuple):
    """What a controller asks of a memory that does several things at once, each to a degree.

    Attributes:
        operation: Weights of push, pop and no-op, which add up to 1; the last axis.
        value: The pushed vector.
    """

    operation: Any
    value: Any


class AbstractMemory(eqx.Module):
    """A differentiable data structure for one sequence: no weights, no batch axis, no randomness.

    A batch is `jax.vmap` of these methods. Capacity is the number of steps, so nothing pushed is ever lost.
    """

    @classmethod
    @abc.abstractmethod
    def of_width(cls, width: int) -> "AbstractMemory":
        """Return the memory whose values are `width` wide: how it is made from the command line."""

    @property
    @abc.abstractmethod
    def gate_widths(self) -> tuple[int, ...]:
        """Widths of the parts of a raw action that say what to do, in order; they come first."""

    @property
    @abc.abstractmethod
    def value_widths(self) -> tuple[int, ...]:
        """Widths of the parts of a raw action that say with which values, in order; they come last."""

    @property
    @abc.abstractmethod
    def read_size(self) -> int:
        """How many numbers are read at each step."""

    @property
    def action_size(self) -> int:
        """How many raw numbers make an action."""
        return sum(self.gate_widths) + sum(self.value_widths)

    @abc.abstractmethod
    def init(self, steps: int, dtype: DTypeLike | None = None) -> PyTree[Array]:
        """Return the empty memory with room for `steps` steps, holding values of `dtype`."""

    @abc.abstractmethod
    def decode(self, raw: Float[Array, "*batch {self.action_size}"]) -> Any:
        """Turn a controller's raw numbers into an action, at any number of steps at once."""

    @abc.abstractmethod
    def initial_bias(self) -> Float[Array, " {self.action_size}"]:
        """Return the bias with which a machine's raw numbers should start for it to learn well."""

    @abc.abstractmethod
    def gates(self, action: Any) -> Float[Array, "*batch gates"]:
        """Return the numbers in an action that are 0 or 1 in the memory's discrete twin."""

    @abc.abstractmethod
    def step(self, state: PyTree[Array], action: Any) -> tuple[PyTree[Array], Float[Array, " {self.read_size}"]]:
        """Apply one action; return the new state and what is then read."""

    @abc.abstractmethod
    def strengths(self, state: PyTree[Array]) -> Float[Array, " cells"]:
        """Return how much of each element is there: what an observer of the memory sees."""

    @abc.abstractmethod
    def check(self, action: Any, *, steps: bool = False) -> Any:
        """Return an action of one step, or of all `steps`, as arrays of floating dtypes.

        Raises:
            ValueError: If it does not fit, or holds a strength that is known and outside of [0, 1].
        """

    @abc.abstractmethod
    def sequence_vjp(self, *, portable: bool = False) -> "AbstractSequenceVJP":
        """Return how whole sequences go forward and backward; `portable`: on any platform, not on CPUs only."""

    def run(self, action: Any, steps: Int[Array, ""] | int | None = None) -> Float[Array, "steps {self.read_size}"]:
        """Apply the actions of a whole sequence at once; only the first `steps` reads are defined.

        `steps` may be known at run time only.
        """
        action = self.check(action, steps=True)
        length = len(jax.tree.leaves(action)[0])
        return _reads(self, action, jnp.asarray(length if steps is None else steps))


class AbstractSequenceVJP(eqx.Module):
    """The forward and the backward pass of a memory, over a sequence at once and step by step in the unroll.

    Actions are those that `check` returns. A length may be known at run time only.
    """

    @abc.abstractmethod
    def reads(self, action: Any, steps: Int[Array, ""]) -> Float[Array, "steps read"]:
        """Return every read of a whole sequence, of which only the first `steps` are defined."""

    @abc.abstractmethod
    def reads_backward(self, action: Any, steps: Int[Array, ""], reads_cotangent: Float[Array, "steps read"]) -> Any:
        """Return the cotangent of the actions."""

    @abc.abstractmethod
    def start_forward(self, steps: int, dtype: DTypeLike) -> PyTree[Array]:
        """Return what `step_forward` carries, with room for `steps` steps."""

    @abc.abstractmethod
    def step_forward(
        self, carry: PyTree[Array], time: Int[Array, ""], action: Any
    ) -> tuple[PyTree[Array], Float[Array, " read"]]:
        """Take step `time`; return the new carry and what is then read."""

    @abc.abstractmethod
    def start_backward(self, action: Any, steps: Int[Array, ""]) -> PyTree[Array]:
        """Return what `step_backward` carries, from the actions of the whole sequence, of which `steps` were taken."""

    @abc.abstractmethod
    def step_backward(
        self, carry: PyTree[Array], time: Int[Array, ""], read_cotangent: Float[Array, " read"]
    ) -> tuple[PyTree[Array], Any]:
        """Undo step `time`, the last one not yet undone; return the new carry and the cotangent of its action."""


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _reads(memory, action, steps):
    return _reads_forward(memory, action, steps)[0]


def _reads_forward(memory, action, steps):
    return on_platform(memory, lambda vjp, *given: vjp.reads(*given), action, steps), (action, steps)


def _reads_backward(memory, saved, reads_cotangent):
    return on_platform(memory, lambda vjp, *given: vjp.reads_backward(*given), *saved, reads_cotangent), None


_reads.defvjp(_reads_forward, _reads_backward)


def on_platform(memory: AbstractMemory, function: Callable[..., PyTree[Array]], *arguments: Any) -> Any:
    """Return `function(passes, *arguments)`, with portable passes where the program is not compiled for a CPU.

    Where JAX has nothing but CPUs, no others are traced: each form takes as long again to trace and to differentiate.
    """
    vjp, portable = memory.sequence_vjp(), memory.sequence_vjp(portable=True)
    if vjp == portable or jax.default_backend() == "cpu":
        # What is saved for the backward pass can come back as a plain number.
        return function(vjp, *jax.tree.map(jnp.asarray, arguments))
    return jax.lax.platform_dependent(
        *arguments, cpu=lambda *given: function(vjp, *given), default=lambda *given: function(portable, *given)
    )


def run(memory: AbstractMemory, action: Any) -> Float[Array, "steps read"]:
    """Apply a whole sequence of actions to an empty memory and return every read.

    Args:
        memory: The memory.
        action: Its actions; each field has a leading axis of steps.

    Returns:
        The reads, in the dtype of the values.

    Raises:
        ValueError: If the fields do not agree in the number of steps, or the value is not of the memory's width.

    Examples:
        The stack of Grefenstette et al. (2015), Figure 1a:

        >>> import neuralstack as ns
        >>> reads = ns.run(ns.NeuralStack(width=1), ns.Action([0.8, 0.5, 0.9], [0.0, 0.1, 0.9], [[1.0], [2.0], [3.0]]))
        >>> [round(float(read), 6) for read in reads[:, 0]]
        [0.8, 1.5, 2.8]
    """
    return memory.run(jax.tree.map(jnp.asarray, action, is_leaf=lambda leaf: isinstance(leaf, list)))
