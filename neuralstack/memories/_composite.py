"""Several memories as one."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import block_diag

from neuralstack.memories._base import AbstractMemory
from neuralstack.memories._sequence_vjp import AbstractSequenceVJP


class CompositeMemory(AbstractMemory):
    """Several memories side by side, for one machine: two stacks, or a stack and a queue.

    An action is a tuple of their actions, a state a tuple of their states; reads and strengths are concatenated. A step
    costs the sum of their steps.

    Raises:
        ValueError: If no memory is given.

    Examples:
        >>> import jax, neuralstack as ns
        >>> both = ns.CompositeMemory(ns.NeuralStack(width=2), ns.NeuralQueue(width=3))
        >>> both.action_size, both.read_size
        (9, 5)
        >>> reads = ns.run(both, both.decode(jax.random.normal(jax.random.key(0), (7, 9))))
        >>> reads.shape
        (7, 5)
    """

    memories: tuple[AbstractMemory, ...]

    def __init__(self, *memories: AbstractMemory):
        if not memories:
            raise ValueError("CompositeMemory needs at least one memory, got none: give one, or use NoMemory().")
        object.__setattr__(self, "memories", memories)  # the class is frozen

    @property
    def action_size(self):
        return sum(memory.action_size for memory in self.memories)

    @property
    def gate_widths(self):
        return tuple(width for memory in self.memories for width in memory.gate_widths)

    @property
    def value_widths(self):
        return tuple(width for memory in self.memories for width in memory.value_widths)

    @property
    def read_size(self):
        return sum(memory.read_size for memory in self.memories)

    def init(self, steps, dtype=None):
        return tuple(memory.init(steps, dtype) for memory in self.memories)

    def decode(self, raw):
        """Decode each memory's gates and values; the gates of all memories come first, their values last."""
        return tuple(memory.decode(its_raw) for memory, its_raw in zip(self.memories, self.split_raw(raw), strict=True))

    def initial_bias(self):
        bias = jnp.zeros(self.action_size)
        for memory, gate, value in zip(self.memories, *self.slices(), strict=True):
            of_gates, of_values = jnp.split(memory.initial_bias(), [sum(memory.gate_widths)])
            bias = bias.at[gate].set(of_gates).at[value].set(of_values)
        return bias

    def step(self, state, action):
        steps = [memory.step(*both) for memory, *both in zip(self.memories, state, self.check(action), strict=True)]
        states, reads = zip(*steps, strict=True)
        return states, jnp.concatenate(reads)

    def strengths(self, state):
        return jnp.concatenate(
            [memory.strengths(its_state) for memory, its_state in zip(self.memories, state, strict=True)]
        )

    def total_strengths(self, action):
        totals = [memory.total_strengths(its_action) for memory, its_action in zip(self.memories, action, strict=True)]
        return jnp.concatenate(totals, axis=-1)

    def check(self, action, *, steps=False):
        if len(action) != len(self.memories):
            raise ValueError(
                f"CompositeMemory takes a tuple of {len(self.memories)} actions, one per memory, got {len(action)}."
            )
        return tuple(
            memory.check(its_action, steps=steps) for memory, its_action in zip(self.memories, action, strict=True)
        )

    def emptied(self, action, starts):
        return tuple(
            memory.emptied(its_action, starts) for memory, its_action in zip(self.memories, action, strict=True)
        )

    def observe(self, action, strengths):
        steps = len(strengths)
        sizes = [
            jax.eval_shape(lambda memory=memory: memory.strengths(memory.init(steps))).shape[0]
            for memory in self.memories
        ]
        held = np.split(strengths, np.cumsum(sizes)[:-1], axis=1)
        pieces = zip(self.memories, action, held, strict=True)
        return [seen for memory, its_action, cells in pieces for seen in memory.observe(its_action, cells)]

    def sequence_vjp(self, *, portable=False):
        sizes = tuple(memory.read_size for memory in self.memories)
        return CompositeVJP(tuple(memory.sequence_vjp(portable=portable) for memory in self.memories), sizes)

    def margins(self, action):
        margins = {}
        for number, (memory, its_action) in enumerate(zip(self.memories, action, strict=True), start=1):
            margins |= {f"{name}, {number}": margin for name, margin in memory.margins(its_action).items()}
        return margins

    def quantize(self, action):
        return tuple(memory.quantize(its_action) for memory, its_action in zip(self.memories, action, strict=True))

    def discretized(self):
        return CompositeMemory(*(memory.discretized() for memory in self.memories))

    def ends(self):
        ends = [memory.ends() for memory in self.memories]
        return sum(ends, ()) if all(ends) else ()

    def end_actions(self, action):
        pairs = zip(self.memories, action, strict=True)
        return tuple(end for memory, its_action in pairs for end in memory.end_actions(its_action))

    def decision_matrix(self):
        return block_diag(*(memory.decision_matrix() for memory in self.memories))

    def gates(self, action):
        return jnp.concatenate(
            [memory.gates(its_action) for memory, its_action in zip(self.memories, action, strict=True)], axis=-1
        )

    def gate_cross_entropy(self, raw, gates):
        pieces = zip(self.memories, self.split_raw(raw), self.split_gates(gates), strict=True)
        return sum((memory.gate_cross_entropy(*both) for memory, *both in pieces), start=jnp.zeros(()))

    def gate_probabilities(self, raw):
        probabilities = [
            memory.gate_probabilities(its_raw)
            for memory, its_raw in zip(self.memories, self.split_raw(raw), strict=True)
        ]
        return jnp.concatenate(probabilities, axis=-1)

    def sample(self, raw, noise):
        pieces = zip(self.memories, self.split_raw(raw), self.split_gates(noise), strict=True)
        return tuple(memory.sample(*both) for memory, *both in pieces)

    def split_raw(self, raw: jax.Array) -> list[jax.Array]:
        """Return each memory's raw action."""
        pairs = zip(*self.slices(), strict=True)
        return [jnp.concatenate([raw[..., gate], raw[..., value]], axis=-1) for gate, value in pairs]

    def split_gates(self, gates: jax.Array) -> list[jax.Array]:
        """Return each memory's part of an array with one number for each gate."""
        return [gates[..., gate] for gate in self.slices()[0]]

    def slices(self) -> tuple[list[slice], list[slice]]:
        """Return the slices of a raw action with each memory's gates, and those with its values."""
        widths = [sum(memory.gate_widths) for memory in self.memories] + [
            sum(memory.value_widths) for memory in self.memories
        ]
        starts = [sum(widths[:number]) for number in range(len(widths))]
        slices = [slice(start, start + width) for start, width in zip(starts, widths, strict=True)]
        return slices[: len(self.memories)], slices[len(self.memories) :]


class CompositeVJP(AbstractSequenceVJP):
    """The forward and backward passes of several memories."""

    vjps: tuple[AbstractSequenceVJP, ...]
    sizes: tuple[int, ...] = eqx.field(static=True)

    def reads(self, action, steps):
        return jnp.concatenate(
            [vjp.reads(its_action, steps) for vjp, its_action in zip(self.vjps, action, strict=True)], axis=-1
        )

    def reads_backward(self, action, steps, reads_cotangent):
        pieces = zip(self.vjps, action, self.split(reads_cotangent), strict=True)
        return tuple(vjp.reads_backward(its_action, steps, cotangent) for vjp, its_action, cotangent in pieces)

    def batch_reads(self, action, steps):
        pieces = zip(self.vjps, action, strict=True)
        return jnp.concatenate([vjp.batch_reads(its_action, steps) for vjp, its_action in pieces], axis=-1)

    def batch_reads_backward(self, action, steps, reads_cotangent):
        pieces = zip(self.vjps, action, self.split(reads_cotangent), strict=True)
        return tuple(vjp.batch_reads_backward(its_action, steps, cotangent) for vjp, its_action, cotangent in pieces)

    def start_forward(self, steps, dtype):
        return tuple(vjp.start_forward(steps, dtype) for vjp in self.vjps)

    def step_forward(self, carry, time, action):
        pieces = zip(self.vjps, carry, action, strict=True)
        steps = [vjp.step_forward(its_carry, time, its_action) for vjp, its_carry, its_action in pieces]
        carries, reads = zip(*steps, strict=True)
        return carries, jnp.concatenate(reads)

    def start_backward(self, action, steps):
        return tuple(vjp.start_backward(its_action, steps) for vjp, its_action in zip(self.vjps, action, strict=True))

    def step_backward(self, carry, time, read_cotangent):
        pieces = zip(self.vjps, carry, self.split(read_cotangent), strict=True)
        steps = [vjp.step_backward(its_carry, time, cotangent) for vjp, its_carry, cotangent in pieces]
        carries, cotangents = zip(*steps, strict=True)
        return carries, cotangents

    def split(self, reads: jax.Array) -> list[Any]:
        """Return each memory's part of the reads."""
        starts = [sum(self.sizes[:number]) for number in range(1, len(self.sizes))]
        return jnp.split(reads, starts, axis=-1)
