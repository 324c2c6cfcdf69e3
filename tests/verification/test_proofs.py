"""Proofs that a program answers as its task for every length, and refutations of programs that do not."""

from dataclasses import replace
from itertools import product

import pytest

import neuralstack as ns
from answering import ANSWERING, words
from neuralstack.verification import NotProved, change_one, check_every, prove, specification, write_program
from programs import PROGRAMS

EACH = pytest.mark.parametrize("name", ANSWERING)


@EACH
def test_a_program_that_is_right_is_proved_for_every_length(name):
    task, program = ANSWERING[name]
    proof = prove(program, specification(task))
    assert proof.obligations > 4
    assert len(proof.states) >= len(specification(task).states)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_is_proved_equal_to_itself_with_any_memories(name):
    assert prove(PROGRAMS[name], PROGRAMS[name]).obligations > 4


def is_wrong(program, task, source):
    """Whether a program answers a source of the task wrongly, by the task's own layout; not if it is none."""
    try:
        example = task.example(source, task.answer(source))
    except ValueError:
        return False
    scored = [int(step) for step in example.mask.nonzero()[0]]
    if not scored:
        return False
    tokens = example.inputs[: scored[-1] + 1].tolist()
    try:
        specification(task).run(tokens)
    except ValueError:
        return False
    try:
        answered = program.run(tokens)
    except ValueError:
        return True
    return any(answered[step] != int(example.targets[step]) for step in scored)


def shortest_wrong(program, task, most):
    """The length of the shortest source below a length that is answered wrongly, if there is one."""
    for length in range(1, most):
        for source in product(range(task.symbols), repeat=length):
            if is_wrong(program, task, list(source)):
                return length
    return None


def refuted_or_proved(name, seed, longest):
    """Check a changed program: it is refuted with a shortest counterexample, or proved, and then right."""
    task, program = ANSWERING[name]
    task, program = replace(task, max_length=longest), change_one(program, seed)
    try:
        prove(program, specification(task))
    except NotProved:
        _, found = check_every(program, task, specification(task), seconds=60)
        assert found is not None
        assert found.is_shortest
        source = task.encode(found.source)
        assert is_wrong(program, replace(task, max_length=len(source)), source)
        assert shortest_wrong(program, task, min(len(source), longest)) is None
        return True
    assert shortest_wrong(program, task, 1 + longest) is None
    return False


@EACH
def test_a_program_with_one_change_is_refuted_with_a_shortest_counterexample_or_proved(name):
    assert any(refuted_or_proved(name, seed, longest=2) for seed in range(20))


# Further marks behind the first one on a queue do no harm, but no proof is found then.
@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in ANSWERING if name != "copy before a mark"])
def test_programs_with_a_change_are_refuted_with_a_shortest_counterexample_or_proved(name):
    refuted = [refuted_or_proved(name, seed, longest=3) for seed in range(3, 25)]
    assert any(refuted)


def test_a_program_that_pops_one_step_earlier_than_its_specification_is_proved():
    task = ns.TASKS["reverse-string"]()

    def rule(state, token, top):
        if token < 2:
            return ("read", False, token) if state == "read" else None
        return None if top is None else (top, True, None)

    def answer(state, top):
        return None if state == "read" else state

    program = write_program(words(task), "stack", range(2), "read", rule, answer)
    assert prove(program, specification(task)).obligations > 4


def test_a_program_with_other_tokens_is_no_program_for_the_task():
    with pytest.raises(ValueError, match="must have the same tokens"):
        prove(PROGRAMS["parity"], PROGRAMS["brackets"])


def test_a_program_that_uses_its_memory_differently_is_not_proved():
    task, _ = ANSWERING["copy"]
    with pytest.raises(NotProved, match="no memory of the program is of the kind"):
        prove(ANSWERING["reversal"][1], specification(task))


def test_a_proof_that_takes_too_long_is_none():
    task, program = ANSWERING["brackets"]
    with pytest.raises(NotProved, match=r"time|takes more than"):
        prove(program, specification(task), seconds=0.01)
