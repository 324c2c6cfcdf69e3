"""The finite control of a machine whose every number is rounded: a table that is filled in as it is needed.

The control is a state (that of the controller, its last hidden vector, and that of the readout before it saw the last
read), which a token and what the memories show lead to the next one, with an action. States and pushed values are
vectors of whole numbers, and get numbers here in the order in which they are met. State 0 is that before the first
step.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from neuralstack.automata._choice import Reads
from neuralstack.discretization import decoded_ends
from neuralstack.machine import Machine, act, answer, rounding_of

Held = tuple[tuple[int, ...], ...]
"""The values that each memory holds, in the order in which they were pushed."""
LEAST_BATCH = 64  # of control steps that are computed at once; larger ones are 8 times it, and so on: few are compiled
GROWTH = 8
MOST_RULES = 400_000  # minutes of comparing states


class TooManyRules(Exception):
    """Raised if more rules are needed than can be compared in a few minutes."""


class Configuration(NamedTuple):
    """A state of the control, and what the memories hold."""

    state: int
    held: Held


class Control:
    """The control of a rounded machine.

    Args:
        machine: A hardened machine whose every number is rounded, with stacks and queues read at one element, or with
            no memory.
    """

    def __init__(self, machine: Machine):
        self.machine, self.ends = machine, machine.memory.ends()
        hidden = jnp.zeros(machine.controller.hidden_size)
        controller, readout = rounding_of(True)(machine.init_states())
        first, self._unravel = ravel_pytree((controller, hidden, readout))
        self.states: list[np.ndarray] = [np.asarray(first)]
        self.values: list[list[np.ndarray]] = [[] for _ in self.ends]
        self._state_of = {self.states[0].tobytes(): 0}
        self._value_of: list[dict[bytes, int]] = [{} for _ in self.ends]
        self._rules: dict[tuple[int, int, Reads], Any] = {}
        self._answers: dict[tuple[int, Reads], int] = {}
        actions = decoded_ends(machine, jnp.zeros(machine.memory.action_size))
        self._widths = [action.value.shape[0] for action in actions]
        self._step, self._answer = jax.jit(jax.vmap(self._step_one)), jax.jit(jax.vmap(self._answer_one))

    @property
    def start(self) -> Configuration:
        """The configuration before the first step."""
        return Configuration(0, ((),) * len(self.ends))

    def shown(self, held: Held) -> Reads:
        """Return what memories show that hold this."""
        return tuple(
            (values[-1] if end.kind == "stack" else values[0]) if values else None
            for values, end in zip(held, self.ends, strict=True)
        )

    def acted(self, held: Held, pops: Sequence[bool], pushes: Reads) -> Held:
        """Return what memories hold after an action."""
        after = []
        for values, end, pop, push in zip(held, self.ends, pops, pushes, strict=True):
            left = values if not pop else values[:-1] if end.kind == "stack" else values[1:]
            after.append(left if push is None else (*left, push))
        return tuple(after)

    def rule(self, state: int, token: int, shown: Reads) -> tuple[int, tuple[bool, ...], Reads]:
        """Return the next state and, for each memory, whether it is popped and the value that is pushed."""
        key = state, token, shown
        if key not in self._rules:
            self.find_rules([key])
        return self._rules[key]

    def answer(self, state: int, shown: Reads) -> int:
        """Return the answer in a state, given what the memories show after the step to it."""
        key = state, shown
        if key not in self._answers:
            self.find_answers([key])
        return self._answers[key]

    def step(self, configuration: Configuration, token: int) -> Configuration:
        """Return the next configuration."""
        new, pops, pushes = self.rule(configuration.state, token, self.shown(configuration.held))
        return Configuration(new, self.acted(configuration.held, pops, pushes))

    def find_rules(self, keys: Sequence[tuple[int, int, Reads]]) -> None:
        """Compute rules at once that are needed next."""
        missing = [key for key in dict.fromkeys(keys) if key not in self._rules]
        if not missing:
            return
        if len(self._rules) > MOST_RULES:
            raise TooManyRules
        batch = padded(missing)
        states = np.stack([self.states[state] for state, _, _ in batch])
        tokens, first = np.array([token for _, token, _ in batch]), np.array([state == 0 for state, _, _ in batch])
        reads = np.stack([self._read(shown) for _, _, shown in batch])
        new, actions = jax.device_get(self._step(states, tokens, reads, first))
        for row, key in enumerate(missing):
            pops = tuple(bool(action.pop[row] > 0.5) for action in actions)
            pushes = tuple(
                self._number(self._value_of[memory], self.values[memory], action.value[row])
                if action.push[row] > 0.5
                else None
                for memory, action in enumerate(actions)
            )
            self._rules[key] = self._number(self._state_of, self.states, new[row]), pops, pushes

    def find_answers(self, keys: Sequence[tuple[int, Reads]]) -> None:
        """Compute answers at once that are needed next."""
        missing = [key for key in dict.fromkeys(keys) if key not in self._answers]
        if not missing:
            return
        batch = padded(missing)
        states = np.stack([self.states[state] for state, _ in batch])
        answered = self._answer(states, np.stack([self._read(shown) for _, shown in batch]))
        self._answers |= dict(zip(missing, np.asarray(answered).tolist(), strict=False))

    def _step_one(self, state, token, read, is_first):
        machine, rounding = self.machine, rounding_of(True)
        controller, hidden, before = self._unravel(state)
        after, _ = answer(machine, before, hidden, read)
        readout = jax.tree.map(lambda old, new: jnp.where(is_first, old, new), before, after)
        embedded, read = machine.embedding[token], jnp.where(is_first, 0, read)
        projected = machine.controller.project(embedded)
        controller, hidden, raw = act(machine, controller, projected, embedded, read, rounding)
        return ravel_pytree((controller, hidden, readout))[0], decoded_ends(machine, raw)

    def _answer_one(self, state, read):
        _, hidden, readout = self._unravel(state)
        return jnp.argmax(answer(self.machine, readout, hidden, read)[1])

    def _read(self, shown: Reads) -> np.ndarray:
        parts = [
            np.full(width, end.empty, self.states[0].dtype) if value is None else of[value]
            for value, of, end, width in zip(shown, self.values, self.ends, self._widths, strict=True)
        ]
        return np.concatenate([np.zeros(0, self.states[0].dtype), *parts])

    def _number(self, numbers: dict[bytes, int], vectors: list[np.ndarray], vector: np.ndarray) -> int:
        vector = vector + 0.0  # no negative zeros, whose bytes are others
        number = numbers.setdefault(vector.tobytes(), len(vectors))
        if number == len(vectors):
            vectors.append(vector)
        return number


def padded(keys: list[Any]) -> list[Any]:
    """Return keys repeated to a batch size of which there are few."""
    size = LEAST_BATCH
    while size < len(keys):
        size *= GROWTH
    return keys + keys[:1] * (size - len(keys))
