"""Any memory with strengths, whose strengths are rounded."""

from typing import Any

import jax
import jax.numpy as jnp

from neuralstack.memories._base import AbstractMemory, Action, DequeAction, MixedAction


class Quantized(AbstractMemory):
    """Another memory, each of whose actions is rounded: a strength to 0 or 1, a mixture to the likeliest operation.

    No gradient flows through what is rounded. A step costs what it costs the memory.

    Raises:
        ValueError: If its actions are of another kind.

    Examples:
        >>> import jax.numpy as jnp, neuralstack as ns
        >>> action = ns.Quantized(ns.NeuralStack(width=1)).decode(jnp.array([0.3, -0.1, 2.0]))
        >>> float(action.push), float(action.pop)
        (1.0, 0.0)
    """

    memory: AbstractMemory
    """A memory whose actions are strengths or mixtures of operations."""

    @classmethod
    def of_width(cls, width):
        raise TypeError("a rounded memory is made of another memory, not of a width")

    def __check_init__(self):
        if not can_round(jax.eval_shape(self.memory.decode, jnp.zeros(self.memory.action_size))):
            raise ValueError(
                f"{type(self.memory).__name__} has actions that cannot be rounded: needed is a stack, queue, deque, "
                "superposition, pointer or hard stack, or several of them."
            )

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
        return round_action(self.memory.decode(raw))

    def initial_bias(self):
        return self.memory.initial_bias()

    def gates(self, action):
        return self.memory.gates(action)

    def step(self, state, action):
        return self.memory.step(state, action)

    def strengths(self, state):
        return self.memory.strengths(state)

    def check(self, action, *, steps=False):
        return self.memory.check(action, steps=steps)

    def sequence_vjp(self, *, portable=False):
        return self.memory.sequence_vjp(portable=portable)


def can_round(action: Any) -> bool:
    """Say whether an action consists of strengths and mixtures."""
    if isinstance(action, DequeAction) or type(action) is tuple:
        return all(can_round(part) for part in action)
    return isinstance(action, Action | MixedAction)


def round_action(action: Any) -> Any:
    """Round the strengths of an action to 0 or 1, and give a mixture's likeliest operation all of the weight."""
    if isinstance(action, Action):
        push, pop = (jnp.where(part >= 0.5, 1, 0).astype(part.dtype) for part in (action.push, action.pop))
        return action._replace(push=push, pop=pop)
    if isinstance(action, MixedAction):
        mixed = action.operation
        likeliest = jax.nn.one_hot(jnp.argmax(mixed, -1), mixed.shape[-1], dtype=mixed.dtype)
        return action._replace(operation=likeliest)
    parts = [round_action(part) for part in action]
    return type(action)(*parts) if isinstance(action, DequeAction) else tuple(parts)
