"""The neural stack of Grefenstette et al. (2015)."""

from dataclasses import replace
from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from neuralstack import kernels
from neuralstack._activations import sigmoid, tanh
from neuralstack.memories import _stack_interval as interval
from neuralstack.memories._base import AbstractMemory, Action, on_platform
from neuralstack.memories._stack_interval import strength_dtype

PUSH_BIAS, POP_BIAS = 1.0, -1.0


class StackState(NamedTuple):
    """The elements as intervals on a line, oldest first, and how many steps have been taken."""

    bottoms: Float[Array, " cells"]
    tops: Float[Array, " cells"]
    values: Float[Array, "cells width"]
    height: Float[Array, ""]
    pushed: Int[Array, ""]


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
    all elements. Ties belong to the larger pop.

    `step` is pure JAX and costs O(steps x width). `run`, and the unroll of a machine, use the C++ kernels where they
    are built, on CPUs and with values of float32 or float64: O(width) a step, amortised. Elsewhere they are pure JAX,
    O(steps x width) a step, and give the same numbers.

    A stack has room for as many steps as `init` was told; what is pushed after them is lost.

    Values and reads have one dtype, strengths at least float32: with float64 values everything is float64, with
    bfloat16 values the strengths are still float32. In pure JAX heights are absolute, so that float32 strengths have
    an error of about height x 6e-8; in the kernels they are relative, and have no such error.

    Raises:
        ValueError: If the width is below 1, or kernels are asked for that are not built.

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
    kernel: bool | None = eqx.field(static=True, default=None)
    """Whether to use the C++ kernels; unless said, wherever they are built."""

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
        if self.kernel and not kernels.is_built():
            raise ValueError(
                "kernel=True needs the C++ kernels, which were not built: install neuralstack again with a C++ "
                "compiler, or leave kernel away."
            )

    def init(self, steps, dtype=None):
        dtype = jnp.result_type(float) if dtype is None else jnp.dtype(dtype)
        return StackState(*interval.start_forward(steps, self.width, dtype), jnp.zeros((), jnp.int32))

    def decode(self, raw):
        return Action(sigmoid(raw[..., 0]), sigmoid(raw[..., 1]), tanh(raw[..., 2:]))

    def initial_bias(self):
        # A pop that takes away what was just pushed leaves the stack without a gradient: start with the opposite.
        return jnp.zeros(self.action_size).at[:2].set(jnp.array([PUSH_BIAS, POP_BIAS]))

    def gates(self, action):
        return jnp.stack([action.push, action.pop], axis=-1)

    def step(self, state, action):
        carry, read = interval.step_forward(interval.Forward(*state[:-1]), state.pushed, *as_action(action, self.width))
        return StackState(*carry, state.pushed + 1), read

    def strengths(self, state):
        return state.tops - state.bottoms

    def run(self, action, steps=None):
        push, pop, value = as_action(action, self.width, steps=True)
        read: Array = reads(self, push, pop, value, jnp.asarray(len(push) if steps is None else steps))
        return read

    def portable(self):
        return replace(self, kernel=False) if self.kernel is not False and kernels.is_built() else self

    def start_forward(self, steps, dtype):
        return self.form(dtype).start_forward(steps, self.width, dtype)

    def step_forward(self, carry, time, action):
        return self.form(carry.values.dtype).step_forward(carry, jnp.asarray(time), *as_action(action, self.width))

    def start_backward(self, action, steps):
        push, pop, value = as_action(action, self.width, steps=True)
        return self.form(value.dtype).start_backward(push, pop, value, jnp.asarray(steps))

    def step_backward(self, carry, time, read_cotangent):
        carry, cotangents = self.form(carry.values.dtype).step_backward(carry, time, read_cotangent)
        return carry, Action(*cotangents)

    def form(self, dtype):
        """Return the module that computes with values of a dtype: the kernels, or pure JAX."""
        if self.kernel is None:
            kernels.warn_if_not_built()
        wanted = self.kernel is not False and dtype in (jnp.float32, jnp.float64)
        return kernels.stack if wanted and kernels.is_built() else interval


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def reads(
    stack: NeuralStack,
    push: Float[Array, " steps"],
    pop: Float[Array, " steps"],
    values: Float[Array, "steps width"],
    steps: Int[Array, ""],
) -> Float[Array, "steps width"]:
    """Return every read of a whole sequence, with a gradient that keeps nothing but the actions."""
    return _reads_forward(stack, push, pop, values, steps)[0]


def _reads_forward(stack, *saved):
    def forward(stack, *saved):
        return stack.form(saved[2].dtype).reads(*saved)

    return on_platform(stack, forward, *saved), saved


def _reads_backward(stack, saved, reads_cotangent):
    def backward(stack, *arguments):
        return stack.form(saved[2].dtype).reads_backward(*arguments)

    return *on_platform(stack, backward, *saved, reads_cotangent), None


reads.defvjp(_reads_forward, _reads_backward)
