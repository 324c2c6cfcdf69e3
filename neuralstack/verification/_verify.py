"""The verification of a program: by all sources up to a length, by random ones, and by a proof."""

from collections.abc import Callable
from dataclasses import replace

from neuralstack.automata import StackTransducer
from neuralstack.machine import Machine
from neuralstack.tasks import AbstractTask, PairTask, StoredTask
from neuralstack.verification._checks import check_drawn, check_every
from neuralstack.verification._conformance import Conformance, check_conformance
from neuralstack.verification._machine_control import machine_control
from neuralstack.verification._result import NotProved, Proof, Verification
from neuralstack.verification._specifications import specification as specification_of


def verify(
    program: StackTransducer,
    task: AbstractTask,
    *,
    specification: StackTransducer | None = None,
    seconds: float = 60,
    sequences: int = 10_000,
    longest: int = 1000,
    machine: Machine | None = None,
    extra_states: int = 1,
    advance: Callable[[int], None] = lambda _: None,
) -> Verification:
    """Verify that a program does what its task asks for, and that a machine does as its program.

    It is compared with the right answers to all sources up to a length, shortest first, so that a counterexample is a
    shortest one, and to random ones. If the task is given as a program too, its specification, a proof for every length
    is sought (see `prove`). If the hardened machine is given, it is tested by a conformance suite (see
    `check_conformance`).

    Args:
        program: The program.
        task: Its task.
        specification: The task as a program. Defaults to the one that comes with the task, if there is one (see
            `specification`).
        seconds: The time for all sources up to a length.
        sequences: Number of random sources.
        longest: Length of the longest one.
        machine: The hardened machine of which this is the program. Defaults to none.
        extra_states: Number of states that its control may have more than the program's.
        advance: Called with the number of random sources just checked.

    Raises:
        ValueError: If the program has other tokens than the task, or the specification does not answer as the task.

    Examples:
        >>> import neuralstack as ns
        >>> from neuralstack.verification import specification
        >>> task = ns.TASKS["parity"]()
        >>> result = verify(specification(task).minimal(), task, seconds=2, sequences=100, longest=50)
        >>> result.verdict, result.drawn.sources, result.proof.obligations
        ('proved', 100, 17)
    """
    if list(program.vocabulary) != [task.decode([token]) for token in range(task.vocab_size)]:
        raise ValueError("the program has other tokens than the task: give the task that it was extracted on.")
    if specification is None:
        specification = specification_of(task)
    every = None
    if not isinstance(task, PairTask | StoredTask):  # whose few sources are all among those that are drawn
        every, found = check_every(program, task, specification, seconds)
        if found is not None:
            return Verification(every, None, None, "", (), found)
    drawn, found = check_drawn(program, task, specification, longest, sequences, advance)
    if found is not None:
        return Verification(every, None, None, "", (), found)
    result = Verification(every, drawn, None, "", (), None)
    if machine is not None:
        try:
            tested = conformance_of(machine, task, program, specification, extra_states)
            result = replace(result, conformance=tested)
        except NotProved as reason:
            result = replace(result, untested=str(reason))
    if specification is None:
        return replace(result, unproved="the task is not given as a program")
    try:
        proof = proof_of(program, specification)
    except (NotProved, ModuleNotFoundError) as reason:
        return replace(result, unproved=str(reason))
    count = len(specification.states)
    assumed = (
        f"the task is its specification, a program of {count} state{'s' if count > 1 else ''}, which answered all of "
        "these sources as the task does",
        "Z3 is right about the formulas",
    )
    return replace(result, proof=proof, assumed=assumed)


def conformance_of(
    machine: Machine,
    task: AbstractTask,
    program: StackTransducer,
    specification: StackTransducer | None,
    extra_states: int,
) -> Conformance:
    """Return the conformance of a machine's control with that of its program, in its smallest form.

    Raises:
        NotProved: If it cannot be tested.
    """
    smallest = program.minimal()
    sees = machine.connection.sees_read or machine.readout is not None
    subject = machine_control(machine, task, smallest)
    return check_conformance(smallest, subject, specification=specification, extra_states=extra_states, sees=sees)


def proof_of(program: StackTransducer, specification: StackTransducer) -> Proof:
    """Return the proof of a program, by Z3, which is loaded for that.

    Raises:
        NotProved: If there is none.
        ModuleNotFoundError: If Z3 is not installed.
    """
    from neuralstack.verification._proof import prove

    return prove(program, specification)
