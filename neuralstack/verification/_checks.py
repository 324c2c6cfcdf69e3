"""Checks of a program on sources: on all of them up to a length, shortest first, and on some that are drawn."""

import time
from collections.abc import Callable

from neuralstack.automata import StackTransducer, run_batch
from neuralstack.tasks import AbstractTask
from neuralstack.verification._result import Checked, Counterexample
from neuralstack.verification._sources import Asked, Batch, drawn_batches, every_source

LONGEST = 10_000  # of all sources, of a task that has few


class OutOfTime(Exception):
    """Raised if the sources of a length are too many."""


def check_every(
    program: StackTransducer, task: AbstractTask, specification: StackTransducer | None, seconds: float
) -> tuple[Checked | None, Counterexample | None]:
    """Compare a program with the right answers to all sources up to a length, as many as there is time for.

    A length is begun only if there seems to be time for all of its sources, judging by the growth from the one before
    the last to the last. The first lengths say nothing, since they compile what lays the sources out.

    Raises:
        ValueError: If the specification does not answer as the task.
    """
    start, count, longest = time.monotonic(), 0, 0
    took: list[float] = []
    for length in range(1, LONGEST + 1):
        expected = took[-1] * took[-1] / took[-2] if len(took) > 1 else 0.0
        begun = time.monotonic()
        if begun - start + expected > seconds:
            break
        try:
            found, counterexample = check_length(program, task, specification, length, start + seconds)
        except OutOfTime:
            break
        if counterexample is not None:
            done = Checked(count, (1, longest), begun - start) if count else None
            return done, counterexample
        count, longest = count + found, length
        if found:
            took.append(max(time.monotonic() - begun, 1e-3))
    return (Checked(count, (1, longest), time.monotonic() - start) if count else None), None


def check_length(
    program: StackTransducer, task: AbstractTask, specification: StackTransducer | None, length: int, until: float
) -> tuple[int, Counterexample | None]:
    """Compare a program with the right answers to all sources of one length; return their number.

    Raises:
        OutOfTime: If there is not enough time for all.
        ValueError: If the specification does not answer as the task.
    """
    count = 0
    for some in every_source(task, specification, length):
        if time.monotonic() > until:
            raise OutOfTime
        for asked in some:
            check_specification(specification, task, asked)
            if (found := wrong_step(program, asked)) is not None:
                return count, counterexample_of(task, asked, found, is_shortest=True)
        count += len(some)
    return count, None


def check_drawn(
    program: StackTransducer,
    task: AbstractTask,
    specification: StackTransducer | None,
    longest: int,
    sequences: int,
    advance: Callable[[int], None] = lambda _: None,
) -> tuple[Checked | None, Counterexample | None]:
    """Compare a program with the right answers to some sources that are drawn at random.

    Raises:
        ValueError: If the specification does not answer as the task.
    """
    start = time.monotonic()
    for batch in drawn_batches(task, longest, sequences):
        if specification is not None and (row := first_wrong(specification, batch)) is not None:
            check_specification(specification, task, batch.row(row, task))
        if (row := first_wrong(program, batch)) is not None:
            asked = batch.row(row, task)
            found = wrong_step(program, asked)
            assert found is not None
            return None, counterexample_of(task, asked, found, is_shortest=False)
        advance(len(batch.tokens))
    return Checked(sequences, (1, longest), time.monotonic() - start), None


def first_wrong(program: StackTransducer, batch: Batch) -> int | None:
    """Return the first row of some sequences that a program does not answer right throughout; None if there is none."""
    used = batch.used
    steps = used.max(initial=0)
    answered = run_batch(program, batch.tokens[:, :steps], used)
    wrong = (batch.scored[:, :steps] & (answered != batch.targets[:, :steps])).any(1)
    return int(wrong.argmax()) if wrong.any() else None


def wrong_step(program: StackTransducer, asked: Asked) -> tuple[int, int | None] | None:
    """Return the first step at which a program answers wrongly, and its answer; None if there is none."""
    answered: list[int | None] = []
    try:
        for _, token in program.steps(asked.tokens):
            answered.append(token)
    except ValueError:  # a token has no rule
        answered += [None] * (len(asked.tokens) - len(answered))
    for step, (right, answer) in enumerate(zip(asked.wanted, answered, strict=True)):
        if right is not None and answer != right:
            return step, answer
    return None


def check_specification(specification: StackTransducer | None, task: AbstractTask, asked: Asked) -> None:
    """Check that a specification answers as its task.

    Raises:
        ValueError: If it does not.
    """
    if specification is not None and wrong_step(specification, asked) is not None:
        raise ValueError(
            f"the specification does not answer as the task does, at the source {task.decode(asked.source)!r}: give "
            "one that does."
        )


def counterexample_of(
    task: AbstractTask, asked: Asked, found: tuple[int, int | None], *, is_shortest: bool
) -> Counterexample:
    """Return a wrong answer as text."""
    step, answered = found
    right = asked.wanted[step]
    assert right is not None
    return Counterexample(
        task.decode(asked.source),
        task.decode(asked.tokens[: step + 1]),
        task.decode([right]),
        None if answered is None else task.decode([answered]),
        is_shortest,
    )
