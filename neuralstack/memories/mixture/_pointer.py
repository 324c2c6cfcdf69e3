"""A stack made of a buffer and a soft pointer."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float

from neuralstack._activations import tanh
from neuralstack.memories._actions import MixedAction
from neuralstack.memories._observation import Observation
from neuralstack.memories._validation import require_width, value_dtype
from neuralstack.memories.discrete._hard_mixture import HardMixtureStacks
from neuralstack.memories.mixture._mixed import AbstractMixture
from neuralstack.memories.mixture._soft_addressing import shift_down, shift_up, soft_assign, soft_lookup


class PointerState(NamedTuple):
    """A buffer, bottom first, and a distribution over the number of its places that are in use, from none to all."""

    buffer: Float[Array, "depth *shape"]
    pointer: Float[Array, " places"]


class PointerStack(AbstractMixture):
    r"""A stack made of a buffer and a soft pointer, through which every gradient flows.

    With $B$ the buffer, $p$ the distribution over the number of its places in use, and $e$ an element:

    push: $B \leftarrow B + p\,(e - B)$, then $p$ moves up by one. pop: $p$ moves down by one, then $\sum_i p_i B_i$ is
    returned. peek: the same lookup, without moving $p$. With $p$ one-hot this is a list. It saturates at both ends: an
    element pushed onto a full stack is lost and the stack stays full; a pop of an empty one returns 0 and leaves it
    empty. Outside compiled code, where this can be detected, it is an error instead.

    These operations take elements of any shape. As a machine's memory it holds vectors, and a step mixes push, pop and
    no-op by their weights, the `operation` of a `MixedAction`; then the top is read (peek).

    A step costs O(steps x width); the backward pass costs three times as much.

    Raises:
        ValueError: If the width is below 1.

    Examples:
        >>> import jax.numpy as jnp, neuralstack as ns
        >>> stack = ns.PointerStack(width=1)
        >>> state = stack.push(stack.init(steps=3), jnp.array([5.0]))
        >>> state = stack.push(state, jnp.array([6.0]))
        >>> float(stack.peek(state)[0])
        6.0
        >>> state, element = stack.pop(state)
        >>> float(element[0]), float(stack.peek(state)[0])
        (6.0, 5.0)
    """

    @property
    def operation_axes(self):
        return (3,)

    @property
    def number_of_stacks(self):
        return 1

    @property
    def elements_read(self):
        return 1

    @property
    def empty_value(self):
        return 0.0

    def __post_init__(self):
        require_width("PointerStack's values", self.width)

    def init(self, steps, dtype=None):
        dtype = value_dtype(dtype)
        return PointerState(jnp.zeros((steps, self.width), dtype), jax.nn.one_hot(0, steps + 1, dtype=dtype))

    @staticmethod
    def from_buffer(buffer: Float[Array, "depth *shape"]) -> PointerState:
        """Return the full stack of an existing buffer, whose last element is the top."""
        buffer = jnp.asarray(buffer)
        return PointerState(buffer, jax.nn.one_hot(len(buffer), len(buffer) + 1, dtype=buffer.dtype))

    @staticmethod
    def push(state: PointerState, element: Float[Array, "*shape"]) -> PointerState:
        """Put an element on top.

        Raises:
            ValueError: If the stack is known to be full.
        """
        if known_at(state.pointer, -1):
            raise ValueError(f"the stack is full: it has room for {len(state.buffer)} elements, and holds as many.")
        return pushed(state, jnp.asarray(element))

    @staticmethod
    def pop(state: PointerState) -> tuple[PointerState, Float[Array, "*shape"]]:
        """Pop the top and return it with the new state.

        Raises:
            ValueError: If the stack is known to be empty.
        """
        refuse_empty(state)
        return state._replace(pointer=shift_down(state.pointer)), top(state)

    @staticmethod
    def peek(state: PointerState) -> Float[Array, "*shape"]:
        """Return the top without popping it.

        Raises:
            ValueError: If the stack is known to be empty.
        """
        refuse_empty(state)
        return top(state)

    def decode(self, raw):
        return MixedAction(jax.nn.softmax(raw[..., :3]), tanh(raw[..., 3:]))

    def step(self, state, action):
        operation, value = self.check(action)
        push, pop, stay = operation.astype(state.buffer.dtype)
        full = pushed(state, value.astype(state.buffer.dtype))
        buffer = (1 - push) * state.buffer + push * full.buffer
        pointer = push * full.pointer + pop * shift_down(state.pointer) + stay * state.pointer
        state = PointerState(buffer, pointer)
        return state, top(state)

    def strengths(self, state):
        return jnp.cumsum(state.pointer[::-1])[::-1][1:]

    def observe(self, action, strengths):
        """Elements are places, with the probability that each is in use, and that it is the top."""
        weights = strengths - np.concatenate([strengths[:, 1:], np.zeros((len(strengths), 1))], axis=1)
        ends = [("top", *np.moveaxis(np.asarray(action.operation)[..., :2], -1, 0))]
        return [Observation("stack", [*range(strengths.shape[1])], False, ends, strengths, weights)]

    def discretized(self):
        return HardMixtureStacks(self)


def pushed(state: PointerState, element: Float[Array, "*shape"]) -> PointerState:
    """Return the stack with an element on top; if it is full, the pointer is past the buffer and nothing is written."""
    return PointerState(soft_assign(state.buffer, state.pointer[:-1], element), shift_up(state.pointer))


def top(state: PointerState) -> Float[Array, "*shape"]:
    """Return the element below the pointer, or 0 if the stack is empty."""
    return soft_lookup(state.buffer, state.pointer[1:])


def known_at(pointer: Float[Array, " places"], index: int) -> bool:
    """Return whether a pointer is known, not traced, and mostly at one place."""
    return not isinstance(pointer, Tracer) and bool(pointer[index] > 0.5)


def refuse_empty(state: PointerState) -> None:
    """Require that the stack is not known to be empty.

    Raises:
        ValueError: If the stack is known to be empty.
    """
    if known_at(state.pointer, 0):
        raise ValueError("the stack is empty: push before you pop or peek.")
