"""The neural DeQue of Grefenstette et al. (2015)."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from neuralstack._activations import sigmoid, tanh
from neuralstack.memories._actions import Action, DequeAction, quantize_strengths, strength_margins
from neuralstack.memories._base import AbstractMemory
from neuralstack.memories._observation import Observation, window
from neuralstack.memories._recompute import CheckpointedVJP
from neuralstack.memories._validation import fit, require_strengths, require_width, strength_dtype, value_dtype
from neuralstack.memories.discrete._quantized import Quantized
from neuralstack.memories.strength._interval import clip_to, overlap
from neuralstack.memories.strength._kernel_vjp import kernel_or_interval_vjp, require_kernel
from neuralstack.memories.strength._one_end import STRENGTH_BIASES

BOTTOM_BIASES = -3.0, -1.0
"""Of the raw numbers of the bottom's push and pop, at the start of training.

A line that grew at both of its ends would show the latest values at both. One that grows at its top shows the latest
there and the oldest at its bottom: it is a stack and a queue from the start, and learns to be either.
"""


class DequeState(NamedTuple):
    """The elements as intervals on a line, bottom first, its two ends, and how many steps have been taken."""

    bottoms: Float[Array, " cells"]
    tops: Float[Array, " cells"]
    values: Float[Array, "cells width"]
    low: Float[Array, ""]
    high: Float[Array, ""]
    pushed: Int[Array, ""]


class NeuralDeque(AbstractMemory):
    r"""A double-ended queue of vectors held with fractional strength (Grefenstette et al., 2015).

    Elements are intervals on a line that is pushed and popped at both of its ends, $l$ and $h$, both 0 at first:

    $h' = \max(l, h - u^{top})$, $l' = \min(h', l + u^{bot})$ (pop: every edge is clipped to $[l', h']$); the new
    elements are $[h', h' + d^{top}]$ and $[l' - d^{bot}, l']$; the reads are the overlaps with the windows of length 1
    that hang down from the upper end and stand on the lower one.

    Each end has an `Action`; the two reads lie side by side, the top's first. Cells are numbered from the bottom: of
    T steps, step t pushes into cell T - 1 - t at the bottom and T + t at the top. Ties belong to the larger pop. With
    the bottom silent it is the stack; pushed on top and popped at the bottom it is the queue.

    What a step costs, with and without kernels, room and dtypes are as in `NeuralStack`; in pure JAX, going backwards
    costs it three times.

    Raises:
        ValueError: If the width is below 1, or kernels are asked for that are not built.

    Examples:
        >>> import jax.numpy as jnp, neuralstack as ns
        >>> push, silent, values = jnp.array([0.8, 0.5, 0.9]), jnp.zeros(3), jnp.array([[1.0], [2.0], [3.0]])
        >>> bottom = ns.Action(silent, jnp.array([0.0, 0.1, 0.9]), values)
        >>> reads = ns.run(ns.NeuralDeque(width=1), ns.DequeAction(ns.Action(push, silent, values), bottom))
        >>> print(reads[:, 1].round(6))  # pushed on top, popped and read at the bottom: a queue
        [0.8 1.3 2.7]
    """

    width: int
    """Width of the values, at least 1."""
    kernel: bool | None = None
    """Whether to use the C++ kernels. Defaults to wherever they are built."""

    @property
    def action_size(self):
        return 4 + 2 * self.width

    @property
    def gate_widths(self):
        return 1, 1, 1, 1

    @property
    def value_widths(self):
        return self.width, self.width

    @property
    def read_size(self):
        return 2 * self.width

    def __post_init__(self):
        require_width("NeuralDeque's values", self.width)
        require_kernel(self.kernel)

    def init(self, steps, dtype=None):
        dtype = value_dtype(dtype)
        edges = jnp.zeros(2 * steps, strength_dtype(dtype))
        end = jnp.zeros((), edges.dtype)
        return DequeState(edges, edges, jnp.zeros((2 * steps, self.width), dtype), end, end, jnp.zeros((), jnp.int32))

    def decode(self, raw):
        gates = sigmoid(raw[..., :4])
        top, bottom = jnp.split(tanh(raw[..., 4:]), 2, axis=-1)
        return DequeAction(Action(gates[..., 0], gates[..., 1], top), Action(gates[..., 2], gates[..., 3], bottom))

    def initial_bias(self):
        return jnp.zeros(self.action_size).at[:4].set(jnp.array([*STRENGTH_BIASES, *BOTTOM_BIASES]))

    def gates(self, action):
        return jnp.stack([action.top.push, action.top.pop, action.bottom.push, action.bottom.pop], axis=-1)

    def step(self, state, action):
        top, bottom = self.check(action)
        line = pop(state.low, state.high, top.pop, bottom.pop)
        bottoms, tops = between(state.bottoms, *line), between(state.tops, *line)
        low, high = line[0] - bottom.push, line[1] + top.push
        under = bottoms.shape[0] // 2 - 1 - state.pushed
        over = bottoms.shape[0] // 2 + state.pushed
        bottoms, tops = bottoms.at[under].set(low), tops.at[under].set(line[0])
        bottoms, tops = bottoms.at[over].set(line[1]), tops.at[over].set(high)
        values = state.values.at[under].set(bottom.value.astype(state.values.dtype))
        values = values.at[over].set(top.value.astype(values.dtype))
        # Seen from below, the line is the same upside down.
        weights = jnp.stack([overlap(bottoms, tops, high - 1), overlap(-tops, -bottoms, -low - 1)])
        read = (weights.astype(values.dtype) @ values).ravel()
        return DequeState(bottoms, tops, values, low, high, state.pushed + 1), read

    def strengths(self, state):
        return state.tops - state.bottoms

    def check(self, action, *, steps=False):
        ends = [fit(self, Action(*end), ((), (), (self.width,)), steps=steps) for end in action]
        for name, end in zip(DequeAction._fields, ends, strict=True):
            require_strengths(f"push on the {name}", end.push)
            require_strengths(f"pop at the {name}", end.pop)
        if jnp.shape(ends[0].push) != jnp.shape(ends[1].push):
            raise ValueError(
                f"both ends of a DeQue take as many actions, got {len(ends[0].push)} on the top and "
                f"{len(ends[1].push)} at the bottom."
            )
        return DequeAction(*ends)

    def observe(self, action, strengths):
        room = strengths.shape[1] // 2
        pushed = [*reversed(range(room)), *range(room)]
        ends = [(name, np.asarray(end.push), np.asarray(end.pop)) for name, end in action._asdict().items()]
        weights = window(strengths, top=True) + window(strengths, top=False)
        return [Observation("deque", pushed, True, ends, strengths, weights)]

    def margins(self, action):
        return {**strength_margins(action.top, ", top"), **strength_margins(action.bottom, ", bottom")}

    def quantize(self, action):
        return DequeAction(*map(quantize_strengths, action))

    def discretized(self):
        return Quantized(self)

    def sequence_vjp(self, *, portable=False):
        return kernel_or_interval_vjp("deque", self.width, CheckpointedVJP(self), kernel=self.kernel, portable=portable)


def pop(
    low: Float[Array, ""], high: Float[Array, ""], top: Float[Array, ""], bottom: Float[Array, ""]
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Return both ends of the line after pops from above and from below; one that takes exactly all has emptied it."""
    high = jnp.where(high - low > top, high - top, low)
    return jnp.where(high - low > bottom, low + bottom, high), high


def between(edges: Float[Array, " cells"], low: Float[Array, ""], high: Float[Array, ""]) -> Float[Array, " cells"]:
    """Clip edges to the line; an edge exactly at one of its ends counts as clipped."""
    return -clip_to(-clip_to(edges, high), -low)
