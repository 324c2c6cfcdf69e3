"""Any memory whose actions can be rounded, with rounded actions."""

import jax

from neuralstack.memories._base import AbstractMemory
from neuralstack.memories._validation import decoded_action


class Quantized(AbstractMemory):
    """A memory with rounded actions: strengths are 0 or 1, and a mixture becomes its likeliest operation.

    No gradient flows through the rounding. A step costs as much as one of the memory.

    Raises:
        ValueError: If the memory does not define `quantize`, so that its actions cannot be rounded.

    Examples:
        >>> import jax.numpy as jnp, neuralstack as ns
        >>> action = ns.Quantized(ns.NeuralStack(width=1)).decode(jnp.array([0.3, -0.1, 2.0]))
        >>> float(action.push), float(action.pop)
        (1.0, 0.0)
    """

    memory: AbstractMemory
    """A memory that defines `quantize`."""

    def __post_init__(self):
        jax.eval_shape(self.memory.quantize, decoded_action(self.memory))

    @property
    def action_size(self):
        return self.memory.action_size

    @property
    def gate_widths(self):
        return self.memory.gate_widths

    @property
    def value_widths(self):
        return self.memory.value_widths

    @property
    def read_size(self):
        return self.memory.read_size

    def init(self, steps, dtype=None):
        return self.memory.init(steps, dtype)

    def decode(self, raw):
        return self.memory.quantize(self.memory.decode(raw))

    def initial_bias(self):
        return self.memory.initial_bias()

    def step(self, state, action):
        return self.memory.step(state, action)

    def check(self, action, *, steps=False):
        return self.memory.check(action, steps=steps)

    def emptied(self, action, starts):
        return self.memory.emptied(action, starts)

    def sequence_vjp(self, *, portable=False):
        return self.memory.sequence_vjp(portable=portable)

    def strengths(self, state):
        return self.memory.strengths(state)

    def total_strengths(self, action):
        return self.memory.total_strengths(action)

    def observe(self, action, strengths):
        return self.memory.observe(action, strengths)

    def gates(self, action):
        return self.memory.gates(action)

    def margins(self, action):
        return self.memory.margins(action)

    def quantize(self, action):
        return self.memory.quantize(action)

    def discretized(self):
        return self

    def ends(self):
        return self.memory.quantized_ends()

    def end_actions(self, action):
        return (action,)

    def decision_matrix(self):
        return self.memory.decision_matrix()
