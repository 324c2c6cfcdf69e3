"""Each memory, in a machine, learns a small task that it is suited for, at every length that it is trained on.

The nondeterministic stack learns one whose answers cannot be known: nothing marks the middle of a string.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from neuralstack import (
    GRU,
    CompositeMemory,
    Elman,
    HardStack,
    NeuralDeque,
    NeuralQueue,
    NeuralStack,
    NondeterministicStack,
    PointerStack,
    SuperpositionStack,
    Tape,
    cross_entropy,
)
from small import build_machine

SYMBOLS, LONGEST, BATCH = 4, 6, 32
START, SEPARATOR, FIRST = 0, 1, 2
ROOM = 3 * LONGEST + 2


def format_pair(place, answer_length, key, length):
    """A batch of `start source separator answer`, whose j-th symbol is the source's at `place`; -1: a separator."""
    source = jax.random.randint(key, (LONGEST, BATCH), FIRST, FIRST + SYMBOLS)
    time = jnp.arange(ROOM + 1)
    begin = length + 2
    of_source = jnp.where(time <= length, time - 1, place(time - begin, length))
    tokens = jnp.where((of_source >= 0)[:, None], source[jnp.clip(of_source, 0, LONGEST - 1)], SEPARATOR)
    tokens = tokens.at[0].set(START).at[length + 1].set(SEPARATOR)
    steps = begin - 1 + answer_length(length)
    return tokens, time[:-1] >= begin - 1, steps


def counted(key, length):
    """A batch of `start a^n b^n separator`; it is scored from the first b on, which determines the rest."""
    time = jnp.arange(ROOM + 1)
    tokens = jnp.where(time == 0, START, jnp.where(time <= length, FIRST, FIRST + 1))
    tokens = jnp.where(time <= 2 * length, tokens, SEPARATOR)
    return jnp.tile(tokens[:, None], (1, 2)), time[:-1] > length, 2 * length + 1


REVERSE = partial(format_pair, lambda j, n: n - 1 - j, lambda n: n)
COPY = partial(format_pair, lambda j, n: j, lambda n: n)
DUPLICATE = partial(format_pair, lambda j, n: jnp.where(j == n, -1, j % (n + 1)), lambda n: 2 * n + 1)


def no_trace(action, length):
    return 0.0


def pushed_then_popped(action, length):
    """Return the distance of the strengths from those that reverse or copy: push first, pop after the separator."""
    time = jnp.arange(ROOM)[:, None]
    push, pop = (time >= 1) & (time <= length), time > length + 1
    missed = (action.push - push) ** 2 + (action.pop - pop) ** 2
    return 10 * jnp.where(time < 2 * length + 1, missed, 0).sum() / (BATCH * length)


def pushed_above_popped_below(action, length):
    """Return the distance of the strengths of a DeQue from those of a queue that copies, the others silent."""
    silent = action.top.pop**2 + action.bottom.push**2
    time = jnp.arange(ROOM)[:, None]
    queue = action.top._replace(pop=action.bottom.pop)
    return pushed_then_popped(queue, length) + jnp.where(time < 2 * length + 1, silent, 0).sum() / (BATCH * length)


def operated_likewise(action, length):
    """The cross-entropy of the same choices for an action that mixes push, pop and no-op."""
    time = jnp.arange(ROOM)
    wanted = jnp.where((time >= 1) & (time <= length), 0, jnp.where(time > length + 1, 1, 2))
    missed = -jnp.log(action.operation[time, :, wanted] + 1e-6)
    return jnp.where((time < 2 * length + 1)[:, None], missed, 0).sum() / (BATCH * length)


class Case(NamedTuple):
    memory: object
    sample: Callable
    trace: Callable = no_trace
    connection: str = "layer"
    kind: type = GRU
    steps: int = 250
    seed: int = 0


CASES = {
    "stack, reversal": Case(NeuralStack(16), REVERSE),
    "queue, copy": Case(NeuralQueue(16), COPY),
    "deque, reversal": Case(NeuralDeque(16), REVERSE),
    "deque, copy by traces": Case(NeuralDeque(16), COPY, pushed_above_popped_below),
    "stack and queue, copy": Case(CompositeMemory(NeuralStack(16), NeuralQueue(16)), COPY, seed=1),
    "superposition, a^n b^n": Case(SuperpositionStack(2, depth_read=2), counted, no_trace, "paper", Elman, 1000),
    "pointer, reversal by traces": Case(PointerStack(16), REVERSE, operated_likewise),
    "hard, reversal by traces": Case(HardStack(16), REVERSE, pushed_then_popped),
    "tape, duplicate": Case(Tape(16), DUPLICATE),
}


def unmarked(key, length, longest):
    """A batch of `start w (w backwards) separator`, of two symbols; every step is scored, most are unpredictable."""
    source = jax.random.randint(key, (longest, BATCH), FIRST, FIRST + 2)
    time = jnp.arange(2 * longest + 2)
    place = jnp.minimum(time - 1, 2 * length - time)
    tokens = jnp.where((place >= 0)[:, None], source[jnp.clip(place, 0, longest - 1)], SEPARATOR).at[0].set(START)
    return tokens, 2 * length + 1


@pytest.mark.slow
@pytest.mark.usefixtures("optimized")
def test_a_nondeterministic_stack_learns_reversal_without_a_mark_nearly_as_well_as_can_be():
    longest, count = 3, 300
    stack = NondeterministicStack(states=2, symbols=3)
    machine = build_machine(GRU, stack, FIRST + 2, hidden=16, embedding=16, connection="paper", key=jax.random.key(0))
    rate = optax.cosine_decay_schedule(0.02, count)
    optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(rate))

    def surprise(machine, key, length):
        """Return the nats that a string costs, including its end."""
        tokens, steps = unmarked(key, length, longest)
        mask = jnp.broadcast_to((jnp.arange(2 * longest + 1) < steps)[:, None], tokens[1:].shape)
        return steps * cross_entropy(machine.batch(tokens[:-1], steps).logits, tokens[1:], mask).mean()

    @jax.jit
    def step(machine, state, key, length):
        gradient = jax.grad(lambda machine: surprise(machine, key, length) / length)(machine)
        updates, state = optimizer.update(gradient, state)
        return optax.apply_updates(machine, updates), state

    @jax.jit
    def excess(machine):
        """Return the nats beyond the strings' entropy, whose length is uniform and whose symbols are fair."""
        lengths = jnp.arange(1, longest + 1)
        taken = jax.lax.map(lambda length: surprise(machine, jax.random.key(count), length), lengths)
        return taken.mean() - jnp.log(longest) - lengths.mean() * jnp.log(2)

    rng, state = np.random.default_rng(0), optimizer.init(machine)
    assert excess(machine) > 4
    for number in range(count):
        machine, state = step(machine, state, jax.random.key(number), int(rng.integers(1, longest + 1)))
    assert -0.2 < excess(machine) < 0.5


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_machine_learns_what_its_memory_is_made_for(name):
    case = CASES[name]
    machine = build_machine(
        case.kind,
        case.memory,
        FIRST + SYMBOLS,
        hidden=16,
        embedding=16,
        connection=case.connection,
        key=jax.random.key(case.seed),
    )
    optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-2))

    def loss(machine, key, length):
        tokens, scored, steps = case.sample(key, length)
        output, action, *_ = machine.batch(tokens[:-1], steps)
        mask = jnp.broadcast_to((scored & (jnp.arange(ROOM) < steps))[:, None], tokens[1:].shape)
        right = (jnp.argmax(output, -1) == tokens[1:]) | ~mask
        return cross_entropy(output, tokens[1:], mask).mean() + case.trace(action, length), right.all(0).mean()

    @jax.jit
    def step(machine, state, key, length):
        gradient = jax.grad(loss, has_aux=True)(machine, key, length)[0]
        updates, state = optimizer.update(gradient, state)
        return optax.apply_updates(machine, updates), state

    @jax.jit
    def accuracies(machine, key):
        return jax.lax.map(lambda length: loss(machine, key, length)[1], jnp.arange(1, LONGEST + 1))

    rng, state = np.random.default_rng(case.seed), optimizer.init(machine)
    for number in range(case.steps):
        key = jax.random.key(number)
        machine, state = step(machine, state, key, int(rng.integers(1, LONGEST + 1)))
    np.testing.assert_array_equal(accuracies(machine, jax.random.key(case.steps)), np.ones(LONGEST))
