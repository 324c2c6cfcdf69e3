"""Extraction of the program that a hardened machine runs."""

import math
from collections import Counter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neuralstack._arguments import require_object
from neuralstack.automata._choice import Choice, always
from neuralstack.automata._control import MOST_RULES, TooManyRules
from neuralstack.automata._layout import LENGTHS_TRIED, Layout, fit_lengths
from neuralstack.automata._learn import NotSettled, learn
from neuralstack.automata._quotient import MOST_STATES, TooManyStates, Unsteady
from neuralstack.automata._state_names import name_apart
from neuralstack.automata._states import States, find_states
from neuralstack.automata._transducer import StackTransducer
from neuralstack.discretization import actions_on
from neuralstack.machine import Machine, logits
from neuralstack.memories import End
from neuralstack.tasks import AbstractTask, Autoregressive, QueryTokens, Synchronous

MOST_READS = 300_000
FORMS = {Autoregressive: "autoregressive", QueryTokens: "query", Synchronous: "synchronous"}


class NotATransducer(ValueError):
    """Raised for a machine whose program cannot be written down; the message says why."""


def extract(machine: Machine, task: AbstractTask) -> StackTransducer:
    """Return the finite program that a hardened machine runs on its task.

    If every number of the machine is rounded, since it was trained with quantization noise, its states and the values
    that it pushes are found by comparing what follows from each, also where the actions depend on what is read (see
    `_quotient.py`). The states of other machines are found from what they do on sequences of the task (see
    `_states.py`), and so are the kinds of the values: values are of one kind if no read makes it answer them
    differently.

    Args:
        machine: A hardened machine with stacks or queues, or without a memory, whose every number is rounded; or one
            with stacks or queues and the connection `layer`.
        task: Its task.

    Raises:
        TypeError: If the model is not a machine.
        NotATransducer: If the machine is not of this form, or its program would have too many states to be read.
    """
    require_object("machine", machine, Machine, "ns.harden(machine)")
    ends = machine.memory.ends()
    if any(end.depth > 1 for end in ends) or (not ends and machine.memory.action_size):
        raise NotATransducer(
            "a program can only be extracted from hardened machines whose memories are stacks or queues, read at one "
            "element each: train with such a memory."
        )
    if machine.quantized:
        return learned(machine, task)
    connection = machine.connection
    if connection.feedback or connection.has_direct_paths or machine.readout or connection.answer_from != "read":
        raise NotATransducer(
            "a program can only be extracted from hardened machines whose every number is rounded, or whose controller "
            "sees no reads and whose answer comes from the reads alone: train with the connection 'layer', or with "
            "quantization."
        )
    states = find_states(machine, task)
    if states is None:
        raise NotATransducer(
            "the controller has too many states with different behavior for a readable program: train longer, or from "
            "another seed."
        )
    return write_program(machine, task, states, ends)


def learned(machine: Machine, task: AbstractTask) -> StackTransducer:
    """Return the program of a machine whose every number is rounded.

    Raises:
        NotATransducer: If it is not found.
    """
    try:
        return learn(machine, task, layout_of(task))
    except TooManyStates:
        reason = f"more than {MOST_STATES} of its states are used differently"
    except TooManyRules:
        reason = f"its states are used in more than {MOST_RULES} different ways"
    except NotSettled:
        reason = "further sequences go on telling its states apart"
    except Unsteady:
        reason = "it answers otherwise when its steps are computed in another order, so that its rounding is undecided"
    raise NotATransducer(f"the machine has no readable program: {reason}: train longer, or from another seed.")


def write_program(machine: Machine, task: AbstractTask, states: States, ends: tuple[End, ...]) -> StackTransducer:
    """Return the program with these states, the actions on their transitions and the answers to all reads."""
    asked = np.argwhere(states.transitions >= 0)
    hidden = jnp.asarray(states.hidden[asked[:, 0], asked[:, 1]])
    actions = jax.device_get(actions_on(machine, hidden, jnp.asarray(asked[:, 1])))
    pushing = [np.flatnonzero(action.push > 0.5) for action in actions]
    table = answers_of(machine, [action.value[push] for action, push in zip(actions, pushing, strict=True)], ends)
    spellings = tuple(task.decode([token]) for token in range(task.vocab_size))
    kinds, pushes = [], []
    for memory, push in enumerate(pushing):
        first, kind_of = distinguish(table, memory)
        alone = np.moveaxis(table, memory, 0).reshape(table.shape[memory], -1)[:, 0]  # the others are empty
        kinds.append(name_apart([spellings[alone[letter]] for letter in first[1:]]))
        pushes.append(dict(zip(push.tolist(), (kind_of[1:] - 1).tolist(), strict=True)))
        table = np.take(table, first, axis=memory)
    rules: list[list[Any]] = [[None] * task.vocab_size for _ in states.transitions]
    for row, (state, token) in enumerate(asked.tolist()):
        pops = tuple(bool(action.pop[row] > 0.5) for action in actions)
        pushed = tuple(push.get(row) for push in pushes)
        rules[state][token] = (int(states.transitions[state, token]), pops, pushed)
    answers = {
        tuple(letter - 1 if letter else None for letter in read): int(table[read]) for read in np.ndindex(table.shape)
    }
    return StackTransducer(
        spellings,
        tuple(end.kind for end in ends),
        name_states(rules),
        tuple(kinds),
        tuple(tuple(rule and always(rule) for rule in row) for row in rules),
        (Choice(tuple(range(len(ends))), answers),) * len(rules),
        layout_of(task),
    )


def layout_of(task: AbstractTask) -> Layout | None:
    """Return how source and answer of a task lie in a sequence, or None for a format of the user's own.

    It is also None if the lengths of answers grow in a way that a layout has no form for.
    """
    form = FORMS.get(type(task.format))
    fitted = fit_lengths([int(task.answer_length(length)) for length in range(1, 1 + LENGTHS_TRIED)])
    return None if form is None or fitted is None else Layout(form, task.symbols, *fitted)


def answers_of(machine: Machine, values: list[np.ndarray], ends: tuple[End, ...]) -> np.ndarray:
    """Return the answer for each combination of reads, with an axis for each memory: first nothing, then each value.

    Raises:
        NotATransducer: If there are too many combinations.
    """
    nothing = [np.full((1, read.shape[1]), end.empty, read.dtype) for read, end in zip(values, ends, strict=True)]
    reads = [np.concatenate(both) for both in zip(nothing, values, strict=True)]
    shape = tuple(map(len, reads))
    if math.prod(shape) > MOST_READS:
        raise NotATransducer(
            f"the machine has {math.prod(shape)} combinations of reads, but at most {MOST_READS} can be tried."
        )
    places = np.indices(shape).reshape(len(shape), -1)
    together = np.concatenate([read[step] for read, step in zip(reads, places, strict=True)], axis=1)
    unseen = jnp.zeros((len(together), machine.controller.hidden_size))  # the answer comes from the reads alone
    return np.asarray(jnp.argmax(logits(machine, unseen, jnp.asarray(together)), axis=-1)).reshape(shape)


def distinguish(table: np.ndarray, memory: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the first read of each kind in a memory, and the kind of each read; nothing is kind 0."""
    slices = np.moveaxis(table, memory, 0).reshape(table.shape[memory], -1)
    _, first, kind = np.unique(slices[1:], axis=0, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first))  # kinds in the order in which they are first pushed
    return np.concatenate([[0], 1 + np.sort(first)]), np.concatenate([[0], 1 + order[kind.ravel()]])


def name_states(rules: list[list[Any]]) -> tuple[str, ...]:
    """Name each state after the most frequent action on the transitions to it: push, pop, both or neither."""
    names = []
    for number in range(len(rules)):
        done = Counter(
            "+".join(doing(pop, push) for pop, push in zip(rule[1], rule[2], strict=True))
            for row in rules
            for rule in row
            if rule is not None and rule[0] == number
        )
        names.append(done.most_common(1)[0][0] if done else "start")
    return name_apart(names)


def doing(pop: bool, push: int | None) -> str:
    """Return the name of an action on a memory."""
    return {(False, False): "keep", (True, False): "pop", (False, True): "push", (True, True): "replace"}[
        bool(pop), push is not None
    ]
