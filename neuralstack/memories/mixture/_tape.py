"""A tape with a soft head."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from neuralstack._activations import sigmoid, tanh
from neuralstack.memories._actions import mixture_margins, quantize_mixture
from neuralstack.memories._base import AbstractMemory
from neuralstack.memories._observation import Observation
from neuralstack.memories._validation import fit, require_mixture, require_strengths, require_width, value_dtype
from neuralstack.memories.discrete._quantized import Quantized
from neuralstack.memories.mixture._soft_addressing import shift_down, shift_up, soft_assign, soft_lookup


class TapeAction(NamedTuple):
    """Action on a tape, at one step or at every step of a sequence.

    Attributes:
        write: Fraction of the cell under the head that is overwritten, in [0, 1], of shape [] or [steps].
        move: Weights of left, stay, right and jump, which add up to 1, of shape [4] or [steps, 4].
        value: The written vector, of shape [width] or [steps, width].
    """

    write: Float[Array, "*steps"]
    move: Float[Array, "*steps 4"]
    value: Float[Array, "*steps width"]


class TapeState(NamedTuple):
    """The cells, and a distribution over the position of the head."""

    cells: Float[Array, "cells width"]
    head: Float[Array, " cells"]


class Tape(AbstractMemory):
    r"""A tape with a soft head that writes, then moves left, stays, moves right, or jumps back to the start.

    With $p$ the distribution over the position of the head: $M \leftarrow M + w\,p\,(v - M)$ (write),
    $p \leftarrow a^{left} p^{\leftarrow} + a^{stay} p + a^{right} p^{\rightarrow} + a^{jump} e_0$ (move),
    $r = \sum_i p_i M_i$ (read).
    The head starts at the first cell.

    The moves are those of the Baby-NTM (Suzgun et al., 2019) and of the Tape-RNN (Delétang et al., 2023), whose
    memory differs in four ways:

    - It writes at every step; here a gate $w$ controls how much.
    - Its tape is circular; here the first cell is a wall, and there is always room to the right.
    - Its tape moves under a fixed head, so a mixture of moves blurs the contents of the tape; here it blurs the
      position of the head.
    - It jumps by the length of the input, to either side; here a jump goes to the first cell.

    A step costs O(steps x width); the backward pass costs three times as much.

    Raises:
        ValueError: If the width is below 1.

    Examples:
        >>> import jax.numpy as jnp, neuralstack as ns
        >>> right, jump = [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]
        >>> move, values = jnp.array([right, jump, right]), jnp.array([[5.0], [6.0], [7.0]])
        >>> ns.run(ns.Tape(width=1), ns.TapeAction(jnp.array([1.0, 1.0, 0.0]), move, values))[:, 0].tolist()
        [0.0, 5.0, 6.0]
    """

    width: int
    """Width of a cell, at least 1."""

    @property
    def action_size(self):
        return 5 + self.width

    @property
    def gate_widths(self):
        return 1, 4

    @property
    def read_size(self):
        return self.width

    def __post_init__(self):
        require_width("Tape's cells", self.width)

    def init(self, steps, dtype=None):
        dtype = value_dtype(dtype)
        return TapeState(jnp.zeros((steps + 1, self.width), dtype), jax.nn.one_hot(0, steps + 1, dtype=dtype))

    def decode(self, raw):
        return TapeAction(sigmoid(raw[..., 0]), jax.nn.softmax(raw[..., 1:5]), tanh(raw[..., 5:]))

    def step(self, state, action):
        action = self.check(action)
        write, move, value = (field.astype(state.cells.dtype) for field in action)
        cells = soft_assign(state.cells, write * state.head, value)
        left, stay, right, jump = move
        head = left * shift_down(state.head) + stay * state.head + right * shift_up(state.head)
        head = head.at[0].add(jump)
        return TapeState(cells, head), soft_lookup(cells, head)

    def strengths(self, state):
        return state.head

    def observe(self, action, strengths):
        """Elements are cells, with the probability that the head is at each."""
        return [Observation("cells", [*range(strengths.shape[1])], False, [], strengths, strengths)]

    def gates(self, action):
        return jnp.concatenate([action.write[..., None], action.move], axis=-1)

    def margins(self, action):
        return {"write": jnp.abs(action.write - 0.5), "move": mixture_margins(action.move)}

    def quantize(self, action):
        write = jnp.where(action.write >= 0.5, 1, 0).astype(action.write.dtype)
        return action._replace(write=write, move=quantize_mixture(action.move))

    def discretized(self):
        return Quantized(self)

    def check(self, action, *, steps=False):
        given = TapeAction(*action)
        action = fit(self, given, ((), (4,), (self.width,)), steps=steps)
        require_strengths("write", action.write)
        require_mixture("the weights of left, stay, right and jump", action.move, given.move)
        return action
