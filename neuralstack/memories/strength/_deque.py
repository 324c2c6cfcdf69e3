"""The neural DeQue of Grefenstette et al. (2015)."""

from typing import NamedTuple

import jax
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
from neuralstack.memories.strength._finite_vjp import FiniteVJP
from neuralstack.memories.strength._interval import lower, nan_if_nonfinite, nan_where, overlap
from neuralstack.memories.strength._kernel_vjp import kernel_or_interval_vjp, require_kernel
from neuralstack.memories.strength._one_end import STRENGTH_BIASES, empty_before
from neuralstack.memories.strength._position import Position, at, choose, distance, moved, put, put_position, start
from neuralstack.memories.strength._total import total_strength

BOTTOM_BIASES = -3.0, -1.0
"""Initial biases of the raw push and pop strengths at the bottom.

A line that grows at both ends shows the latest values at both. One that grows at its top shows the latest values there
and the oldest at its bottom: it is a stack and a queue from the start, and learns to be either.
"""


class DequeState(NamedTuple):
    """The elements, bottom first, both ends of the line, and the number of steps taken.

    The anchor of an element is the position where it was pushed, which never moves. Edges are relative to anchors.
    """

    anchors: Position
    bottoms: Float[Array, " cells"]
    tops: Float[Array, " cells"]
    values: Float[Array, "cells width"]
    low: Position
    high: Position
    pushed: Int[Array, ""]


class NeuralDeque(AbstractMemory):
    r"""A double-ended queue of vectors held with fractional strength (Grefenstette et al., 2015).

    Elements are intervals on a line that is pushed and popped at both ends, $l$ and $h$, which are 0 at first:

    $h' = \max(l, h - u^{top})$, $l' = \min(h', l + u^{bot})$ (pop: every edge is clipped to $[l', h']$); the new
    elements are $[h', h' + d^{top}]$ and $[l' - d^{bot}, l']$; the reads are the overlaps with the windows of length 1
    below the upper end and above the lower end.

    Each end has an `Action`; the two reads are concatenated, the top's first. Cells are numbered from the bottom: of
    T steps, step t pushes into cell T - 1 - t at the bottom and T + t at the top. At ties, the gradient is the one
    towards larger pops. Without actions at the bottom it is the stack; pushed on top and popped at the bottom, it is
    the queue.

    Cost, kernels, capacity, dtypes and the effect of NaN are as for `NeuralStack`; in pure JAX, the backward pass costs
    three times as much.

    Raises:
        ValueError: If the width is below 1, or `kernel` is True and the kernels are unavailable.

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
    """Whether to use the C++ kernels. By default, they are used if available."""

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
        strength = strength_dtype(dtype)
        anchors, bottoms, tops = start((2 * steps,), strength), *jnp.zeros((2, 2 * steps), strength)
        values, pushed = jnp.zeros((2 * steps, self.width), dtype), jnp.zeros((), jnp.int32)
        return DequeState(anchors, bottoms, tops, values, start((), strength), start((), strength), pushed)

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
        low = nan_if_nonfinite(moved(line[0], -bottom.push), *bottom)
        high = nan_if_nonfinite(moved(line[1], top.push), *top)
        under, over = state.values.shape[0] // 2 - 1 - state.pushed, state.values.shape[0] // 2 + state.pushed
        anchors = put_position(put_position(state.anchors, under, line[0]), over, line[1])
        cells = jnp.arange(state.values.shape[0])
        pushed = (cells > under) & (cells < over)
        ends = [distance(at(end, None), anchors) for end in line]
        bottoms, tops = (jnp.where(pushed, between(edges, *ends), 0.0) for edges in (state.bottoms, state.tops))
        bottoms, tops = put(bottoms, under, distance(low, line[0])), put(tops, over, distance(high, line[1]))
        values = put(put(state.values, under, bottom.value), over, top.value)
        from_above = overlap(bottoms, tops, distance(at(moved(high, -1.0), None), anchors))
        # Seen from below, the line is the same upside down.
        from_below = overlap(-tops, -bottoms, distance(anchors, at(moved(low, 1.0), None)))
        read = read_both(jnp.stack([from_above, from_below]).astype(values.dtype), values).ravel()
        for end in (low, high):
            read = nan_where(end, read)
        return DequeState(anchors, bottoms, tops, values, low, high, state.pushed + 1), read

    def strengths(self, state):
        return state.tops - state.bottoms

    def total_strengths(self, action):
        top, bottom = self.check(action, steps=True)
        return total_strength(top.push + bottom.push, top.pop + bottom.pop)[:, None]

    def check(self, action, *, steps=False):
        ends = [fit(self, Action(*end), ((), (), (self.width,)), steps=steps) for end in action]
        for name, end in zip(DequeAction._fields, ends, strict=True):
            require_strengths(f"push on the {name}", end.push)
            require_strengths(f"pop at the {name}", end.pop)
        if jnp.shape(ends[0].push) != jnp.shape(ends[1].push):
            raise ValueError(
                f"both ends of a DeQue must have the same number of actions, got {len(ends[0].push)} at the top and "
                f"{len(ends[1].push)} at the bottom."
            )
        return DequeAction(*ends)

    def emptied(self, action, starts):
        return action._replace(top=empty_before(action.top, starts))

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
        plain = FiniteVJP(CheckpointedVJP(self))
        return kernel_or_interval_vjp("deque", self.width, plain, kernel=self.kernel, portable=portable)


def pop(low: Position, high: Position, top: Float[Array, ""], bottom: Float[Array, ""]) -> tuple[Position, Position]:
    """Return both ends of the line after pops at the top and the bottom; a pop of exactly what is left empties it."""
    high = choose(distance(high, low) <= top, low, moved(high, -top))
    return choose(distance(high, low) <= bottom, high, moved(low, bottom)), high


def between(
    edges: Float[Array, " cells"], low: Float[Array, " cells"], high: Float[Array, " cells"]
) -> Float[Array, " cells"]:
    """Clip edges to the line; an edge exactly at one of its ends counts as clipped."""
    return -lower(-lower(edges, high), -low)


@jax.custom_jvp
def read_both(weights: Float[Array, "2 cells"], values: Float[Array, "cells width"]) -> Float[Array, "2 width"]:
    """Return `weights @ values`; forwards by a product for each row, which is quicker on CPUs than one for both."""
    return jnp.stack([weights[0] @ values, weights[1] @ values])


@read_both.defjvp
def read_both_jvp(primals, tangents):
    """Backwards, the gradient of the values is one product; as a sum of two it would be computed much more slowly."""
    return read_both(*primals), read_both(tangents[0], primals[1]) + primals[0] @ tangents[1]
