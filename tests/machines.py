"""Machines of every kind, and parts of a user's own classes, for tests of describing and saving machines."""

import equinox as eqx
import jax
import jax.numpy as jnp

from neuralstack import (
    GRU,
    LSTM,
    AbstractMemory,
    CompositeMemory,
    Connection,
    Elman,
    Feedforward,
    HardStack,
    Machine,
    Multiplicative,
    NeuralDeque,
    NeuralQueue,
    NeuralStack,
    NoMemory,
    NondeterministicStack,
    PointerStack,
    Reversal,
    SuperpositionStack,
    Tape,
    harden,
)
from small import drawn, drawn_machine

KEY = jax.random.key(0)


def build(controller=None, memory=None, **options):
    def machine(key):
        driver = GRU(4, 6, key=key) if controller is None else controller
        return Machine(driver, NeuralStack(3) if memory is None else memory, 5, **options, key=key)

    return drawn(machine)


MACHINES = {
    "several layers": lambda: build(LSTM(4, 6, num_layers=3, key=KEY)),
    "feedback": lambda: build(Elman(3, 6, key=KEY), connection="feedback"),
    "paper without memory": lambda: build(Feedforward(4, 6, key=KEY), NoMemory(), connection="paper"),
    "a GRU cell of Equinox": lambda: build(eqx.nn.GRUCell(4, 6, key=KEY)),
    "an LSTM cell without bias": lambda: build(eqx.nn.LSTMCell(4, 6, use_bias=False, key=KEY)),
    "hardened": lambda: harden(build()),
    "hardened stacks": lambda: harden(build(memory=SuperpositionStack(4, stacks=2, depth_read=3))),
    "rounded tape": lambda: harden(build(memory=Tape(4))),
    "of bounded state": lambda: harden(
        drawn_machine(GRU, NeuralStack(3), Reversal(4, alphabet="ab").vocab_size, hidden=4, embedding=3),
        Reversal(4, alphabet="ab"),
    ),
    "skip": lambda: build(memory=NeuralDeque(4, kernel=False), connection="skip"),
    "composite": lambda: build(memory=CompositeMemory(NeuralStack(4), HardStack(3), NeuralQueue(5))),
    "nondeterministic": lambda: build(memory=NondeterministicStack(states=2, symbols=2)),
    "direct paths, readout and rounding": lambda: build(
        connection=Connection(gates_see_input=True, gates_see_read=True, values_repeat_read=True, value_constant=True),
        readout=Multiplicative(6, 4, key=KEY),
        quantized=True,
    ),
    "pointer": lambda: build(memory=PointerStack(4)),
}


class Register(AbstractMemory):
    width: int = 3
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


class Perceptron(eqx.Module):
    mlp: eqx.nn.MLP

    def __init__(self, width, key):
        self.mlp = eqx.nn.MLP(4 + width, width, 8, 1, key=key)

    def init(self):
        return jnp.zeros(self.mlp.out_size)

    def step(self, state, x):
        state = self.mlp(jnp.concatenate([x, state]))
        return state, state
