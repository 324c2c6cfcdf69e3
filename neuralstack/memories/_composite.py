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

    An action is a tuple of theirs, and so is a state; reads and strengths lie one after the other. A step costs what
    theirs cost.

    Raises:
        ValueError: If there are none.

    Examples:
        >>> import jax, neuralstack as ns
        >>> both = ns.CompositeMemory(ns.NeuralStack(width=2), ns.NeuralQueue(width=3))
        >>> both.action_size, both.read_size
        (9, 5)
        >>> reads = ns.run(both, both.decode(jax.random.normal(jax.random.key(0), (7, 9))))
        >>> reads.shape
        (7, 5)
    """

    parts: tuple[AbstractMemory, ...]

    def __init__(self, *parts: AbstractMemory):
        if not parts:
            raise ValueError("several memories are at least one: give them, or use NoMemory().")
        object.__setattr__(self, "parts", parts)  # the class is frozen

    @property
    def action_size(self):
        return sum(part.action_size for part in self.parts)

    @property
    def gate_widths(self):
        return tuple(width for part in self.parts for width in part.gate_widths)

    @property
    def value_widths(self):
        return tuple(width for part in self.parts for width in part.value_widths)

    @property
    def read_size(self):
        return sum(part.read_size for part in self.parts)

    def init(self, steps, dtype=None):
        return tuple(part.init(steps, dtype) for part in self.parts)

    def decode(self, raw):
        """Give each memory its gates, which come first, and its values, which come last."""
        return tuple(part.decode(one) for part, one in zip(self.parts, self.split_raw(raw), strict=True))

    def initial_bias(self):
        bias = jnp.zeros(self.action_size)
        for part, gate, value in zip(self.parts, *self.places(), strict=True):
            of_gates, of_values = jnp.split(part.initial_bias(), [sum(part.gate_widths)])
            bias = bias.at[gate].set(of_gates).at[value].set(of_values)
        return bias

    def step(self, state, action):
        taken = [part.step(*both) for part, *both in zip(self.parts, state, self.check(action), strict=True)]
        states, reads = zip(*taken, strict=True)
        return states, jnp.concatenate(reads)

    def strengths(self, state):
        return jnp.concatenate([part.strengths(one) for part, one in zip(self.parts, state, strict=True)])

    def check(self, action, *, steps=False):
        if len(action) != len(self.parts):
            raise ValueError(f"{len(self.parts)} memories take a tuple of as many actions, got {len(action)}.")
        return tuple(part.check(one, steps=steps) for part, one in zip(self.parts, action, strict=True))

    def observe(self, action, strengths):
        steps = len(strengths)
        sizes = [jax.eval_shape(lambda part=part: part.strengths(part.init(steps))).shape[0] for part in self.parts]
        held = np.split(strengths, np.cumsum(sizes)[:-1], axis=1)
        given = zip(self.parts, action, held, strict=True)
        return [one for part, of_part, cells in given for one in part.observe(of_part, cells)]

    def sequence_vjp(self, *, portable=False):
        sizes = tuple(part.read_size for part in self.parts)
        return CompositeVJP(tuple(part.sequence_vjp(portable=portable) for part in self.parts), sizes)

    def margins(self, action):
        found = {}
        for number, (part, one) in enumerate(zip(self.parts, action, strict=True), start=1):
            found |= {f"{name}, {number}": margin for name, margin in part.margins(one).items()}
        return found

    def quantize(self, action):
        return tuple(part.quantize(one) for part, one in zip(self.parts, action, strict=True))

    def discretized(self):
        return CompositeMemory(*(part.discretized() for part in self.parts))

    def ends(self):
        found = [part.ends() for part in self.parts]
        return sum(found, ()) if all(found) else ()

    def end_actions(self, action):
        pairs = zip(self.parts, action, strict=True)
        return tuple(end for part, one in pairs for end in part.end_actions(one))

    def decision_matrix(self):
        return block_diag(*(part.decision_matrix() for part in self.parts))

    def gates(self, action):
        return jnp.concatenate([part.gates(one) for part, one in zip(self.parts, action, strict=True)], axis=-1)

    def gate_cross_entropy(self, raw, gates):
        given = zip(self.parts, self.split_raw(raw), self.split_gates(gates), strict=True)
        return sum((part.gate_cross_entropy(*both) for part, *both in given), start=jnp.zeros(()))

    def gate_probabilities(self, raw):
        found = [part.gate_probabilities(one) for part, one in zip(self.parts, self.split_raw(raw), strict=True)]
        return jnp.concatenate(found, axis=-1)

    def sample(self, raw, noise):
        given = zip(self.parts, self.split_raw(raw), self.split_gates(noise), strict=True)
        return tuple(part.sample(*both) for part, *both in given)

    def split_raw(self, raw: jax.Array) -> list[jax.Array]:
        """Return each memory's raw action."""
        pairs = zip(*self.places(), strict=True)
        return [jnp.concatenate([raw[..., gate], raw[..., value]], axis=-1) for gate, value in pairs]

    def split_gates(self, gates: jax.Array) -> list[jax.Array]:
        """Return each memory's part of numbers that there is one of for each gate."""
        return [gates[..., place] for place in self.places()[0]]

    def places(self) -> tuple[list[slice], list[slice]]:
        """Return where in a raw action the gates of each memory are, and where its values."""
        widths = [sum(part.gate_widths) for part in self.parts] + [sum(part.value_widths) for part in self.parts]
        starts = [sum(widths[:number]) for number in range(len(widths))]
        found = [slice(start, start + width) for start, width in zip(starts, widths, strict=True)]
        return found[: len(self.parts)], found[len(self.parts) :]


class CompositeVJP(AbstractSequenceVJP):
    """The passes of several memories."""

    parts: tuple[AbstractSequenceVJP, ...]
    sizes: tuple[int, ...] = eqx.field(static=True)

    def reads(self, action, steps):
        return jnp.concatenate([part.reads(one, steps) for part, one in zip(self.parts, action, strict=True)], axis=-1)

    def reads_backward(self, action, steps, reads_cotangent):
        given = zip(self.parts, action, self.split(reads_cotangent), strict=True)
        return tuple(part.reads_backward(one, steps, cotangent) for part, one, cotangent in given)

    def start_forward(self, steps, dtype):
        return tuple(part.start_forward(steps, dtype) for part in self.parts)

    def step_forward(self, carry, time, action):
        taken = [part.step_forward(one, time, now) for part, one, now in zip(self.parts, carry, action, strict=True)]
        carries, reads = zip(*taken, strict=True)
        return carries, jnp.concatenate(reads)

    def start_backward(self, action, steps):
        return tuple(part.start_backward(one, steps) for part, one in zip(self.parts, action, strict=True))

    def step_backward(self, carry, time, read_cotangent):
        given = zip(self.parts, carry, self.split(read_cotangent), strict=True)
        carries, cotangents = zip(*[part.step_backward(one, time, now) for part, one, now in given], strict=True)
        return carries, cotangents

    def split(self, reads: jax.Array) -> list[Any]:
        """Return each memory's part of what is read."""
        starts = [sum(self.sizes[:number]) for number in range(1, len(self.sizes))]
        return jnp.split(reads, starts, axis=-1)
