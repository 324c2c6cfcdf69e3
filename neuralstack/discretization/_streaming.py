"""A hardened machine that takes one token at a time, without a limit on their number."""

from collections import deque

import jax
import numpy as np
from jaxtyping import Float

from neuralstack._arguments import require_object
from neuralstack.discretization._behavior import decoded_ends
from neuralstack.machine import Machine, act, answer, rounding_of
from neuralstack.memories import Action, End


class Stream:
    """A hardened machine on an unbounded sequence.

    The cost of a step does not depend on the number of steps before it, and space grows only with the memory's depth.
    On a whole sequence, calling the machine itself is much faster.

    Args:
        machine: A hardened machine whose memories are stacks or queues.

    Raises:
        TypeError: If the model is not a machine.
        ValueError: If the machine is not hardened.

    Examples:
        >>> import jax, neuralstack as ns
        >>> key = jax.random.key(0)
        >>> machine = ns.Machine(ns.GRU(8, 16, key=key), ns.NeuralStack(8), 5, key=key)
        >>> stream = ns.Stream(ns.harden(machine))
        >>> [stream.feed(token).shape for token in (0, 3, 4)]
        [(5,), (5,), (5,)]
        >>> stream.depth <= 3
        True
    """

    def __init__(self, machine: Machine):
        require_object("machine", machine, Machine, "ns.harden(machine)")
        ends = machine.memory.ends()
        if not ends:
            raise ValueError(
                f"a stream needs stacks or queues with actions of 0 or 1, got {machine.memory}: pass the result of "
                "harden(machine)."
            )
        self._machine, self._ends = machine, ends
        self._held = [deque[np.ndarray]() for _ in ends]
        self._state, self._readout = rounding_of(machine.quantized)(machine.init_states())
        self._read = np.zeros(machine.memory.read_size, machine.embedding.dtype)

    @property
    def depth(self) -> int:
        """Number of values held."""
        return sum(map(len, self._held))

    def feed(self, token: int) -> Float[np.ndarray, " vocabulary"]:
        """Take one step and return the logits of the answer.

        Raises:
            ValueError: If the token is outside the vocabulary.
        """
        if not 0 <= token < len(self._machine.embedding):
            raise ValueError(f"a token must be in 0..{len(self._machine.embedding) - 1}, got {token}.")
        self._state, hidden, actions = _act(self._machine, self._state, self._read, token)
        actions = jax.device_get(actions)
        for held, end, action in zip(self._held, self._ends, actions, strict=True):
            if action.pop > 0.5 and held:
                held.pop() if end.kind == "stack" else held.popleft()
            if action.push > 0.5:
                held.append(action.value)
        self._read = np.concatenate([_shown(*memory) for memory in zip(self._held, self._ends, actions, strict=True)])
        self._readout, logits = _answer(self._machine, self._readout, hidden, self._read)
        return np.asarray(logits)


def _shown(held: deque[np.ndarray], end: End, action: Action) -> np.ndarray:
    """Return the elements of a stack or queue that are read, from the top or the front."""
    there = [held[~offset if end.kind == "stack" else offset] for offset in range(min(end.depth, len(held)))]
    nothing = np.full_like(action.value, end.empty)
    return np.concatenate([*there, *[nothing] * (end.depth - len(there))])


@jax.jit
def _act(machine, state, read, token):
    embedded, rounding = machine.embedding[token], rounding_of(machine.quantized)
    state, hidden, raw = act(machine, state, machine.controller.project(embedded), embedded, read, rounding)
    return state, hidden, decoded_ends(machine, raw)


@jax.jit
def _answer(machine, state, hidden, read):
    return answer(machine, state, hidden, read)
