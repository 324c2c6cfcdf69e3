"""All that is to be known of a hardened machine before one relies on it."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from neuralstack.automata._extract import NotATransducer, extract
from neuralstack.automata._transducer import StackTransducer
from neuralstack.discretization._agreement import (
    Agreement,
    Fresh,
    action_margins,
    agree,
    answers,
    draw_fresh,
)
from neuralstack.discretization._harden import harden
from neuralstack.machine import Machine
from neuralstack.tasks import AbstractTask

Advance = Callable[[int], None]


class Comparison(NamedTuple):
    """A soft machine beside its hardened twin, on fresh sequences of the training lengths."""

    hardened: Machine
    margins: dict[str, np.ndarray]
    """Distance of each action of the soft machine from its rounding boundary, over all steps, from 0 to 0.5."""
    agreement: Agreement
    difference: dict[str, Any] | None
    """Where they first differ: the step, the text up to it, and the two answers."""


class Extraction(NamedTuple):
    """The program of a hardened machine, and how it compares with the machine."""

    program: StackTransducer | None
    reason: str
    """Why there is none."""
    agreement: Agreement | None


def compare(machine: Machine, task: AbstractTask, lengths: tuple[int, int], count: int) -> Comparison:
    """Harden a machine and compare the two on fresh sequences.

    Args:
        machine: A trained machine.
        task: Its task.
        lengths: The shortest and the longest source to compare them on: those of the training.
        count: How many sequences to draw.

    Raises:
        ValueError: If its memory has actions that cannot be rounded, or none at all.
    """
    if not machine.memory.action_size:
        raise ValueError("a machine without a memory has no actions to round: nothing is to be hardened.")
    hardened = harden(machine, task)
    data = draw_fresh(task, lengths, count)
    agreement = agree(answers(machine, data), answers(hardened, data), data)
    return Comparison(hardened, action_margins(machine, data), agreement, describe(task, data, agreement))


def describe(task: AbstractTask, data: Fresh, agreement: Agreement) -> dict[str, Any] | None:
    """Say in words where two machines first differ."""
    if agreement.first is None:
        return None
    row, step, soft, hard = agreement.first
    given = "".join(task.decode([token]) for token in data.tokens[row, : step + 1].tolist())
    return {"step": step, "given": given, "soft": task.decode([soft]), "hard": task.decode([hard])}


def find_transducer(
    hardened: Machine, task: AbstractTask, lengths: tuple[int, int], count: int, advance: Advance = lambda _: None
) -> Extraction:
    """Extract the program of a hardened machine, and compare the two on random sequences.

    Args:
        hardened: What `harden` returned.
        task: Its task.
        lengths: The shortest and the longest source to compare them on.
        count: How many sequences to draw.
        advance: Called with a number of sequences as they are done, each of them twice.
    """
    try:
        program = extract(hardened, task)
    except NotATransducer as error:
        return Extraction(None, str(error), None)
    data = draw_fresh(task, lengths, count, seed=1)
    agreement = agree(answers(hardened, data, advance), program_answers(program, data, advance), data)
    return Extraction(program, "", agreement)


def program_answers(
    program: StackTransducer, data: Fresh, advance: Callable[[int], None] = lambda _: None
) -> np.ndarray:
    """Return the answer of a program after every step; -1 throughout a sequence in which it has no rule for a token."""
    answered = np.full(data.tokens.shape, -1)
    for row, (tokens, used) in enumerate(zip(data.tokens.tolist(), data.used.tolist(), strict=True)):
        with suppress(ValueError):
            answered[row, :used] = program.run(tokens[:used])
        advance(1)
    return answered
