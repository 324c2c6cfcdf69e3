"""Tables of everything under test, name to constructor: one line here, and all tests of a family run on it."""

from functools import partial

import jax
import pytest

from neuralstack import (
    GRU,
    LSTM,
    TASKS,
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
)

# Each takes the width of the values.
MEMORIES_UNDER_TEST = {
    "deque": NeuralDeque,
    "deque in pure JAX": partial(NeuralDeque, kernel=False),
    "hard": HardStack,
    "nondeterministic": lambda width: NondeterministicStack(states=2, symbols=2),
    "none": lambda width: NoMemory(),
    "pointer": PointerStack,
    "queue": NeuralQueue,
    "queue in pure JAX": partial(NeuralQueue, kernel=False),
    "stack": NeuralStack,
    "stack in pure JAX": partial(NeuralStack, kernel=False),
    "stack and queue": lambda width: CompositeMemory(NeuralStack(width), NeuralQueue(width)),
    "superposition": SuperpositionStack,
    "superposition of two, three cells read": partial(SuperpositionStack, stacks=2, depth_read=3),
    "tape": Tape,
}

# Slow to compile, and similar to others: tests of every memory run on these only among the slow tests.
SLOW_MEMORIES = (
    "deque",
    "deque in pure JAX",
    "hard",
    "nondeterministic",
    "pointer",
    "queue in pure JAX",
    "stack and queue",
    "stack in pure JAX",
    "superposition of two, three cells read",
    "tape",
)
EVERY_MEMORY = [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW_MEMORIES)) for name in MEMORIES_UNDER_TEST]


def quick(cases, *chosen):
    """Return cases as parameters of a test; all but the chosen ones run with the slow tests."""
    assert set(chosen) <= set(cases)
    return [pytest.param(case, marks=[pytest.mark.slow] * (case not in chosen)) for case in cases]


# Each takes the widths of its input and of itself, the number of layers and a key.
CONTROLLERS_UNDER_TEST = {
    "elman": Elman,
    "feedforward": Feedforward,
    "gru": GRU,
    "lstm": LSTM,
    "multiplicative": Multiplicative,
}

# Each takes the longest source.
TASKS_UNDER_TEST = {
    **TASKS,
    "reversal": partial(Reversal, alphabet="abcde"),
    "reversal of ASCII": Reversal,
}

# Drawn or laid out like another one: tests of every task run on these only among the slow tests.
SLOW_TASKS = (
    *("anb2n", "anbmcnm", "anbncn", "anbncndn", "dyck-1", "dyck-3", "dyck-6"),
    *("cycle-navigation", "duplicate-string", "odds-first", "parity", "reverse-string"),
    *("binary-addition", "binary-multiplication", "compute-sqrt"),
    *("modular-arithmetic", "modular-arithmetic-brackets", "solve-equation"),
    *("addition-stream", "gender", "memorization", "svo-sov"),
)
assert set(SLOW_TASKS) <= set(TASKS_UNDER_TEST)
EVERY_TASK = [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW_TASKS)) for name in TASKS_UNDER_TEST]

SEES_INPUT = Connection(answer_from="both", gates_see_input=True, value_constant=True)
BLIND = Connection(feedback=1.0, gates_see_state=False, gates_see_input=True)
SEES_READ = Connection(gates_see_input=True, gates_see_read=True, values_repeat_read=True)

# Each takes a controller, a memory, the size of the vocabulary, and a key.
CONNECTIONS_UNDER_TEST = {
    "layer": partial(Machine, connection="layer"),
    "feedback": partial(Machine, connection="feedback"),
    "skip": partial(Machine, connection="skip"),
    "paper": partial(Machine, connection="paper"),
    "direct": partial(Machine, connection=SEES_INPUT),
    "blind": partial(Machine, connection=BLIND),
    "reads": partial(Machine, connection=SEES_READ),
    "readout": partial(Machine, connection="skip", readout=Multiplicative(4, 3, key=jax.random.key(0))),
}
