"""Traces: the operations of a machine on its memory for one text, step by step, as plain data."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float

from neuralstack._arguments import require_object
from neuralstack.automata import StackTransducer, readable
from neuralstack.machine import Machine
from neuralstack.reporting._edit import Edit, check_edits
from neuralstack.reporting._edited_run import edited_run
from neuralstack.reporting._elements import Contents, contents_of, state_at
from neuralstack.reporting._notebook import Trace
from neuralstack.reporting._plain_run import Run, plain_run, require_short
from neuralstack.tasks import AbstractTask, Characters

FORMAT = "neuralstack-trace-1"
DIGITS = 4


def trace(
    machine: Machine,
    task: AbstractTask,
    text: str,
    *,
    edit: Mapping[int, Edit] | None = None,
    name: str = "machine",
    about: str = "",
    program: StackTransducer | None = None,
) -> Trace:
    """Record what a machine does at each step while it answers a text by greedy decoding.

    Args:
        machine: A machine with a memory.
        task: Its task.
        text: The text to answer.
        edit: Edits of some of its steps, by their numbers from 0: interventions on what the memory holds, on the
            controller's state and on actions (see `ns.Edit`). The trace then also has the answer without them. Defaults
            to none.
        name: A name for the machine.
        about: A one-line description of it.
        program: The program of a hardened machine, whose states are then named.

    Returns:
        A dictionary of plain lists, numbers and strings, in the form `neuralstack-trace-1` (see the guide to traces). A
        notebook shows it as an interactive page.

    Raises:
        TypeError: If an argument is not an object of its kind.
        ValueError: If the text is not one of the task's or too long, the memory has nothing to show, or an edit does
            not fit.

    Examples:
        >>> import jax, neuralstack as ns
        >>> task = ns.Reversal(8)
        >>> key = jax.random.key(0)
        >>> machine = ns.Machine(ns.GRU(8, 64, key=key), ns.NeuralStack(8), task.vocab_size, key=key)
        >>> seen = ns.trace(machine, task, "ab")
        >>> [step["given"] for step in seen["steps"]][:4]
        ['⊢', 'a', 'b', '|']
        >>> lost = ns.trace(machine, task, "ab", edit={1: ns.Edit(action={"push": 0})})  # "a" is not pushed
        >>> lost["steps"][1]["memories"][0]["actions"][0]["push"]
        0.0
        >>> lost["unedited"]["answer"] == seen["answer"]
        True
    """
    require_object("machine", machine, Machine, "ns.Machine(...)")
    require_object("task", task, AbstractTask, "ns.Reversal()")
    edits = None if edit is None else check_edits(edit)
    source = task.encode(text)
    require_short(task, source)
    run, unedited = plain_run(machine, task, source), None
    if edits:
        unedited = {"answer": task.decode(run.answer), "answered": answered_by(task, run)}
        run = edited_run(machine, task, source, edits, partial(label_of, task))
    is_language = isinstance(task, Characters)  # whose next characters are likely, not correct
    wanted, right = wanted_of(task, source, len(run.tokens))
    states = [None] * len(run.tokens) if edits else states_of(program, run.tokens)
    memories = contents_of(machine.memory, run.stretches, [label_of(task, token) for token in run.tokens])
    return Trace(
        format=FORMAT,
        name=name,
        machine=about,
        task=type(task).__name__.lower(),
        text=text,
        answer=task.decode(run.answer),
        right_answer=None if is_language else right,
        language=is_language,
        first_answer=int(task.format.first_answer(len(source))),
        edits=run.edits,
        unedited=unedited,
        memories=[{"kind": memory.kind, "elements": memory.elements} for memory in memories],
        steps=steps_of(task, run, wanted, states, memories),
    )


def steps_of(
    task: AbstractTask,
    run: Run,
    wanted: list[str | None],
    states: Sequence[str | None],
    memories: Sequence[Contents],
) -> list[dict[str, Any]]:
    """Return each step of a run as plain data."""
    answered, chances = answered_by(task, run), probabilities(run.logits)
    return [
        {
            "given": label_of(task, token),
            "answered": answered[time],
            "wanted": wanted[time],
            "probability": rounded(chances[time]),
            "state": states[time],
            "memories": [step_of(memory, time) for memory in memories],
        }
        for time, token in enumerate(run.tokens)
    ]


def answered_by(task: AbstractTask, run: Run) -> list[str]:
    """Return the likeliest token of each step as a short label."""
    return [label_of(task, token) for token in run.logits.argmax(-1).tolist()]


def probabilities(logits: Float[np.ndarray, "steps vocabulary"]) -> Float[np.ndarray, " steps"]:
    """Return the probability of the likeliest token of each step."""
    return 1 / np.exp(logits - logits.max(-1, keepdims=True)).sum(-1)


def wanted_of(task: AbstractTask, source: list[int], steps: int) -> tuple[list[str | None], str | None]:
    """Return the target of each step, and the correct answer, with None where there is none."""
    try:
        right = task.answer(source)
    except ValueError:
        return [None] * steps, None
    longest = 1 << (max(len(source), len(right)) - 1).bit_length()  # few different sizes need few compilations
    example = replace(task, max_length=longest).example(source, right)
    targets, mask = np.asarray(example.targets), np.asarray(example.mask)
    wanted = [label_of(task, int(targets[time])) if time < len(mask) and mask[time] else None for time in range(steps)]
    return wanted, task.decode(right)


def states_of(program: StackTransducer | None, tokens: list[int]) -> Sequence[str | None]:
    """Return the name of the state after each token, or None where it is unknown."""
    try:
        return program.walk(tokens) if program else [None] * len(tokens)
    except ValueError:  # a token that the task never asks for
        return [None] * len(tokens)


def step_of(memory: Contents, time: int) -> dict[str, Any]:
    """Return the actions on a memory at a step, and the elements whose strength or weight in the read changes then."""
    elements = state_at(memory, time)
    before = state_at(memory, time - 1) if time else np.zeros_like(elements)
    changed = np.flatnonzero((elements != before).any(0))
    return {
        "actions": [
            {"end": end, "push": rounded(push[time]), "pop": rounded(pop[time])} for end, push, pop in memory.actions
        ],
        "changed": [[int(index), *(rounded(number) for number in elements[:, index])] for index in changed],
    }


def rounded(number: Any) -> float:
    """Return a number rounded to the digits worth keeping."""
    return round(float(number), DIGITS)


def label_of(task: AbstractTask, token: int) -> str:
    """Return a token as a short label."""
    text = task.decode([token])
    return {"<start>": "⊢", "<separator>": "|", "<end>": "⊣"}.get(text, readable(text))
