"""The neural stack of Grefenstette et al. (2015)."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Int

from neuralstack.memories._base import AbstractMemory, Action
from neuralstack.memories._interval import clip_to, heights, lows_before, overlap, pop_height, read_rows
from neuralstack.memories._sequence import BLOCK, stack_reads

PUSH_BIAS, POP_BIAS = 1.0, -1.0


class StackState(NamedTuple):
    """The elements as intervals on a line, oldest first, and how many steps have been taken."""

    bottoms: Float[Array, " cells"]
    tops: Float[Array, " cells"]
    values: Float[Array, "cells width"]
    height: Float[Array, ""]
    pushed: Int[Array, ""]


class StackBackward(NamedTuple):
    """What goes backwards through the steps of a stack."""

    bottoms: Float[Array, " steps"]
    tops: Float[Array, " steps"]
    values: Float[Array, "steps width"]
    bottoms_cotangent: Float[Array, " steps"]
    tops_cotangent: Float[Array, " steps"]
    values_cotangent: Float[Array, "steps width"]
    lows_cotangent: Float[Array, " steps"]
    height_cotangent: Float[Array, ""]


def strength_dtype(dtype: DTypeLike) -> DTypeLike:
    """Return the dtype of strengths and heights beside values of `dtype`: at least float32."""
    return jnp.promote_types(dtype, jnp.float32)


def as_action(action: Action, width: int, *, steps: bool = False) -> Action:
    """Check the shapes of an action, of one step or of all `steps`, and give it floating dtypes.

    Numbers without a dtype of their own take JAX's default; strengths take the one that goes with the value's.
    """
    push, pop, value = (jnp.asarray(part) for part in action)
    if not (push.ndim == pop.ndim == value.ndim - 1 == steps and push.shape == pop.shape == value.shape[:-1]):
        wanted = (
            "push and pop of shape [steps] and a value of shape [steps, width]" if steps else "numbers and a vector"
        )
        raise ValueError(f"this stack takes {wanted}; got shapes {push.shape}, {pop.shape} and {value.shape}.")
    if value.shape[-1] != width:
        raise ValueError(f"this stack holds values of width {width}, got one of width {value.shape[-1]}.")
    if not jnp.issubdtype(value.dtype, jnp.floating):
        value = value.astype(jnp.result_type(float))
    dtype = strength_dtype(value.dtype)
    return Action(push.astype(dtype), pop.astype(dtype), value)


class NeuralStack(AbstractMemory):
    r"""A stack of vectors held with fractional strength (Grefenstette et al., 2015).

    Elements are intervals on a line. With $H_t$ the height of the stack, $H_0 = 0$:

    $h_t = \max(0, H_{t-1} - u_t)$ (pop: every edge is clipped to $h_t$), $H_t = h_t + d_t$ (push: the new element is
    $[h_t, H_t]$), $r_t = \sum_i |[\mathrm{bottom}_i, \mathrm{top}_i] \cap [H_t - 1, H_t]|\, v_i$ (read).

    In code `push` is $d_t$, `pop` is $u_t$, `value` is $v_t$. It equals the paper's equations 1 to 3, which sum over
    all elements. Ties belong to the larger pop. A step costs O(steps x width); a whole sequence whose actions are known
    costs the same per step, in matrix products over blocks of steps.

    A stack has room for as many steps as `init` was told; what is pushed after them is lost.

    Values and reads have one dtype, strengths at least float32: with float64 values everything is float64, with
    bfloat16 values the strengths are still float32. Heights are absolute, so that float32 strengths have an error of
    about height x 6e-8.

    Raises:
        ValueError: If the width is below 1.

    Examples:
        >>> import jax.numpy as jnp, neuralstack as ns
        >>> stack = ns.NeuralStack(width=1)
        >>> state = stack.init(steps=2)
        >>> state, read = stack.step(state, ns.Action(push=0.8, pop=0.0, value=[1.0]))
        >>> state, read = stack.step(state, ns.Action(push=0.5, pop=0.1, value=[2.0]))
        >>> float(read[0]), stack.strengths(state).tolist()
        (1.5, [0.7, 0.5])
    """

    width: int = eqx.field(static=True)
    """Width of the values, at least 1."""

    @classmethod
    def of_width(cls, width):
        return cls(width)

    @property
    def heads(self):
        return 1, 1, self.width

    @property
    def read_size(self):
        return self.width

    def __check_init__(self):
        if self.width < 1:
            raise ValueError(f"a stack's values must be at least 1 wide, got width={self.width}.")

    def init(self, steps, dtype=None):
        dtype = jnp.result_type(float) if dtype is None else jnp.dtype(dtype)
        edges = jnp.zeros(steps, strength_dtype(dtype))
        return StackState(edges, edges, jnp.zeros((steps, self.width), dtype), edges.sum(), jnp.zeros((), jnp.int32))

    def decode(self, raw):
        return Action(jax.nn.sigmoid(raw[..., 0]), jax.nn.sigmoid(raw[..., 1]), jnp.tanh(raw[..., 2:]))

    def initial_bias(self):
        # A pop that takes away what was just pushed leaves the stack without a gradient: start with the opposite.
        return jnp.zeros(self.action_size).at[:2].set(jnp.array([PUSH_BIAS, POP_BIAS]))

    def gates(self, action):
        return jnp.stack([action.push, action.pop], axis=-1)

    def step(self, state, action):
        push, pop, value = as_action(action, self.width)
        level = pop_height(state.height, pop)
        height = level + push
        bottoms = clip_to(state.bottoms, level).at[state.pushed].set(level)
        tops = clip_to(state.tops, level).at[state.pushed].set(height)
        values = state.values.at[state.pushed].set(value.astype(state.values.dtype))
        weights = overlap(bottoms, tops, height - 1)
        return StackState(bottoms, tops, values, height, state.pushed + 1), weights.astype(values.dtype) @ values

    def strengths(self, state):
        return state.tops - state.bottoms

    def run(self, action, steps=None):
        push, pop, value = as_action(action, self.width, steps=True)
        length = len(push)
        pad = -length % BLOCK
        push, pop = jnp.pad(push, (0, pad)), jnp.pad(pop, (0, pad))
        blocks = (jnp.asarray(length if steps is None else steps) + BLOCK - 1) // BLOCK
        return stack_reads(push, pop, jnp.pad(value, ((0, pad), (0, 0))), blocks)[:length]

    def start_backward(self, action):
        push, pop, value = as_action(action, self.width, steps=True)
        bottoms, tops = heights(push, pop)
        edge, height = jnp.zeros_like(push), jnp.zeros((), push.dtype)
        return StackBackward(bottoms, tops, value, edge, edge, jnp.zeros_like(value), edge, height)

    def step_backward(self, carry, step, read_cotangent):
        def forward(bottoms, tops, values, lows):
            weights, lows = read_rows(bottoms, tops, lows, step, 1)
            return weights[0].astype(values.dtype) @ values, lows

        lows = lows_before(carry.bottoms, step)
        _, pull = jax.vjp(forward, carry.bottoms, carry.tops, carry.values, lows)
        bottoms, tops, values, lows_cotangent = pull((read_cotangent, carry.lows_cotangent))
        bottoms, tops = carry.bottoms_cotangent + bottoms, carry.tops_cotangent + tops
        values = carry.values_cotangent + values
        push = carry.height_cotangent + tops[step]
        level = jnp.where(carry.bottoms[step] > 0, push + bottoms[step], 0.0)
        carry = StackBackward(carry.bottoms, carry.tops, carry.values, bottoms, tops, values, lows_cotangent, level)
        return carry, Action(push, -level, values[step])
