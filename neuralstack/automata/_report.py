"""Comparisons of a hardened machine with the soft one and with its program, to check before relying on it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from neuralstack.automata._batch import program_answers
from neuralstack.automata._extract import NotATransducer, extract
from neuralstack.automata._transducer import StackTransducer
from neuralstack.discretization import (
    Agreement,
    Fresh,
    UnitMargins,
    action_margins,
    agree,
    answers,
    draw_fresh,
    harden,
    state_margins,
)
from neuralstack.machine import Machine
from neuralstack.tasks import AbstractTask

Advance = Callable[[int], None]


class Comparison(NamedTuple):
    """Comparison of a soft machine with its hardened version, on fresh sequences of the training lengths."""

    hardened: Machine
    margins: dict[str, np.ndarray]
    """Distance of each action of the soft machine from its rounding boundary, over all steps, from 0 to 0.5."""
    states: dict[str, UnitMargins]
    """The same for each unit of the states, if they are rounded too (see `state_margins`); otherwise empty."""
    agreement: Agreement
    difference: dict[str, Any] | None
    """Their first difference: the step, the text up to it, and the two answers."""

    def __repr__(self) -> str:
        same, count = self.agreement.same, self.agreement.sequences
        return f"Comparison({same} of {count} sequences answered the same; hardened: {self.hardened!r})"


class Extraction(NamedTuple):
    """The program of a hardened machine, and its agreement with the machine."""

    program: StackTransducer | None
    reason: str
    """The reason if there is no program."""
    agreement: Agreement | None
    """Their comparison; None if no program was found to compare."""


def compare(machine: Machine, task: AbstractTask, lengths: tuple[int, int], count: int) -> Comparison:
    """Harden a machine and compare the two on fresh sequences.

    Args:
        machine: A trained machine.
        task: Its task.
        lengths: The shortest and the longest source to compare them on: the training lengths.
        count: Number of sequences to draw.

    Raises:
        ValueError: If the memory's actions cannot be rounded, or there is no memory.
    """
    if not machine.memory.action_size and not machine.quantized:
        raise ValueError("a machine without a memory has no actions to round: train one with a memory.")
    hardened = harden(machine, task)
    data = draw_fresh(task, lengths, count)
    agreement = agree(answers(machine, data), answers(hardened, data), data)
    states = state_margins(machine, data) if machine.quantized else {}
    return Comparison(hardened, action_margins(machine, data), states, agreement, describe(task, data, agreement))


def describe(task: AbstractTask, data: Fresh, agreement: Agreement) -> dict[str, Any] | None:
    """Return the first difference between two machines, with tokens as text."""
    if agreement.first is None:
        return None
    row, step, soft, hard = agreement.first
    given = "".join(task.decode([token]) for token in data.tokens[row, : step + 1].tolist())
    return {"step": step, "given": given, "soft": task.decode([soft]), "hard": task.decode([hard])}


def find_transducer(
    hardened: Machine, task: AbstractTask, lengths: tuple[int, int], count: int, advance: Advance = lambda _: None
) -> Extraction:
    """Extract the program of a hardened machine, and compare the two on random sequences.

    If every number of the machine is rounded, a program that answers any of them otherwise is none.

    Args:
        hardened: The result of `harden`.
        task: Its task.
        lengths: The shortest and the longest source to compare them on.
        count: Number of sequences to draw.
        advance: Called with the number of sequences just finished; each sequence counts twice in total.
    """
    try:
        program = extract(hardened, task)
    except NotATransducer as error:
        return Extraction(None, str(error), None)
    data = draw_fresh(task, lengths, count, seed=1)
    agreement = agree(answers(hardened, data, advance), program_answers(program, data, advance), data)
    if hardened.quantized and agreement.first is not None:
        return Extraction(None, first_difference(task, data, agreement), agreement)
    return Extraction(program, "", agreement)


def first_difference(task: AbstractTask, data: Fresh, agreement: Agreement) -> str:
    """Return where a machine and the program that was found for it first differ, as a sentence."""
    assert agreement.first is not None
    row, step, expected, actual = agreement.first
    given = "".join(task.decode([token]) for token in data.tokens[row, : step + 1].tolist())
    answered = repr(task.decode([actual])) if actual >= 0 else "nothing"
    return (
        f"the program found for the machine answers {agreement.same} of {agreement.sequences} random sequences as it "
        f"does, and first differs after {given!r}, where the machine answers {task.decode([expected])!r} and the "
        f"program {answered}: train longer, or from another seed."
    )
