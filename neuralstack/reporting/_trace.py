"""Traces: the operations of a machine on its memory for one text, step by step, as plain data."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import jax
import numpy as np
from jaxtyping import Float

from neuralstack._arguments import require_object
from neuralstack.automata import StackTransducer, readable
from neuralstack.evaluation import padded, predict
from neuralstack.machine import Machine
from neuralstack.memories import Observation
from neuralstack.reporting._elements import contents_of, state_at
from neuralstack.reporting._notebook import Trace
from neuralstack.tasks import AbstractTask, Characters

FORMAT = "neuralstack-trace-1"
MOST_STEPS = 4096
DIGITS = 4


def trace(
    machine: Machine,
    task: AbstractTask,
    text: str,
    *,
    name: str = "machine",
    about: str = "",
    program: StackTransducer | None = None,
) -> Trace:
    """Record what a machine does at each step while it answers a text by greedy decoding.

    Args:
        machine: A machine with a memory.
        task: Its task.
        text: The text to answer.
        name: A name for the machine.
        about: A one-line description of it.
        program: The program of a hardened machine, whose states are then named.

    Returns:
        A dictionary of plain lists, numbers and strings, in the form `neuralstack-trace-1` (see the guide to traces). A
        notebook shows it as an interactive page.

    Raises:
        ValueError: If the text is not one of the task's or too long, or the memory has nothing to show.

    Examples:
        >>> import jax, neuralstack as ns
        >>> task = ns.Reversal(8)
        >>> key = jax.random.key(0)
        >>> machine = ns.Machine(ns.GRU(8, 64, key=key), ns.NeuralStack(8), task.vocab_size, key=key)
        >>> seen = ns.trace(machine, task, "ab")
        >>> [step["given"] for step in seen["steps"]][:4]
        ['⊢', 'a', 'b', '|']
    """
    require_object("machine", machine, Machine, "ns.Machine(...)")
    require_object("task", task, AbstractTask, "ns.Reversal()")
    source = task.encode(text)
    require_short(task, source)
    given = [*task.prompt(source)]
    answered = predict(machine, source, task).tokens
    tokens = given + answered if task.end is not None else given
    shown = jax.device_get(machine.trace(padded(tokens, len(tokens))))
    memories = contents_of(machine.memory, shown, len(tokens))
    is_language = isinstance(task, Characters)  # whose next characters are likely, not correct
    wanted, right = wanted_of(task, source, len(tokens))
    labels = [label_of(task, token) for token in tokens]
    best, chances = likeliest(shown.logits[: len(tokens)].astype(np.float64))
    states = states_of(program, tokens)
    steps = [
        {
            "given": labels[time],
            "answered": label_of(task, int(best[time])),
            "wanted": wanted[time],
            "probability": rounded(chances[time]),
            "state": states[time],
            "memories": [step_of(observed, time) for observed in memories],
        }
        for time in range(len(tokens))
    ]
    return Trace(
        format=FORMAT,
        name=name,
        machine=about,
        task=type(task).__name__.lower(),
        text=text,
        answer=task.decode(answered),
        right_answer=None if is_language else right,
        language=is_language,
        first_answer=int(task.format.first_answer(len(source))),
        memories=[memory_of(observed, labels) for observed in memories],
        steps=steps,
    )


def likeliest(logits: Float[np.ndarray, "steps vocabulary"]) -> tuple[np.ndarray, np.ndarray]:
    """Return the likeliest token of each step, and its probability."""
    return logits.argmax(-1), 1 / np.exp(logits - logits.max(-1, keepdims=True)).sum(-1)


def require_short(task: AbstractTask, source: list[int]) -> None:
    """Check that a source does not take more steps than can be shown.

    Raises:
        ValueError: If the text takes more than `MOST_STEPS` steps.
    """
    steps = int(replace(task, max_length=len(source)).used_steps(len(source)))
    if steps > MOST_STEPS:
        raise ValueError(f"a trace shows at most {MOST_STEPS} steps, but this text takes {steps}: give a shorter one.")


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


def memory_of(memory: Observation, labels: list[str]) -> dict[str, Any]:
    """Return the kind of a memory, and the symbol and the step of each push."""
    elements = [{"symbol": labels[step] if memory.pushed else "", "step": step} for step in memory.elements]
    return {"kind": memory.kind, "elements": elements}


def step_of(memory: Observation, time: int) -> dict[str, Any]:
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
