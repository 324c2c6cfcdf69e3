import re

import jax
import jax.numpy as jnp
import pytest

from cases import MEMORIES_UNDER_TEST, quick
from neuralstack import AbstractMemory, NeuralStack
from neuralstack.testing import check_memory

SURROGATE = ("hard",)  # gradients are those of a straight-through estimator


class Register(AbstractMemory):
    """A vector that is overwritten as far as a gate is open: the minimum that a memory must define."""

    width: int = 2
    action_size = property(lambda self: self.width + 1)
    read_size = property(lambda self: self.width)

    def init(self, steps, dtype=None):
        return jnp.zeros(self.width, dtype)

    def decode(self, raw):
        return jax.nn.sigmoid(raw[0]), jnp.tanh(raw[1:])

    def step(self, state, action):
        gate, value = action
        state = gate * value + (1 - gate) * state
        return state, state


@pytest.mark.parametrize("name", quick(MEMORIES_UNDER_TEST, "none"))
def test_every_memory_obeys_the_laws(name):
    check_memory(MEMORIES_UNDER_TEST[name](3), smooth=name not in SURROGATE)


@pytest.mark.slow
def test_three_methods_and_two_sizes_obey_the_laws():
    check_memory(Register(), steps=3)


class OfAnotherDtype(Register):
    def step(self, state, action):
        state, read = super().step(state, action)
        return state.astype(jnp.bfloat16), read


class OfAnotherSize(Register):
    def step(self, state, action):
        state, read = super().step(state, action)
        return state, read[:1]


class WithGatesOfNoSize(Register):
    @property
    def gate_widths(self):
        return (1, 1)

    @property
    def value_widths(self):
        return (2,)


class NotFinite(Register):
    def decode(self, raw):
        return jnp.exp(raw[0]) / (1 + jnp.exp(raw[0])), jnp.tanh(raw[1:])


class WithNegativeStrengths(Register):
    def strengths(self, state):
        return state - 2


class NeverDiscrete(Register):
    def discretized(self):
        return type(self)(self.width + 1) if self.width < 4 else self


class WithAnotherRun(NeuralStack):
    def run(self, action, steps=None):
        return 2 * super().run(action, steps)


BROKEN = {
    OfAnotherDtype: "A step returns a state with the structure, shapes and dtypes of the one it was given",
    OfAnotherSize: "A read has read_size numbers, of the dtype of the memory's values: float32[1] and not float32[2]",
    WithGatesOfNoSize: "gate_widths and value_widths add up to action_size: 4 and 3",
    NotFinite: "Reads are finite where all raw numbers are 100: nan at",
    WithNegativeStrengths: "The observed strengths are finite and not negative",
    NeverDiscrete: "The discrete form is its own discrete form",
    WithAnotherRun: "A run gives the same reads as single steps",
}


@pytest.mark.parametrize("memory", quick(BROKEN, OfAnotherSize))
def test_a_broken_law_is_named(memory):
    law = f"{memory.__name__} breaks a law of memories. {BROKEN[memory]}"
    with pytest.raises(AssertionError, match=re.escape(law)):
        check_memory(memory(2), steps=3)


def test_sequences_of_one_step_show_too_little():
    with pytest.raises(ValueError, match=r"at least 2 steps, got steps=1"):
        check_memory(Register(), steps=1)
