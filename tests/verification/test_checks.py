"""Checks of programs on all short sources of a task and on drawn ones, and the report on them."""

import json
from dataclasses import replace

import pytest

import neuralstack as ns
from answering import ANSWERING
from neuralstack.verification import check_drawn, check_every, specification, verify, write_program
from programs import PROGRAMS

SPECIFIED = {name: made() for name, made in ns.TASKS.items() if specification(made()) is not None}
NEVER_DRAWN = "stack-manipulation", "memorization"  # have an answer to some sources that are never drawn, as to #


@pytest.mark.parametrize("name", SPECIFIED)
def test_a_specification_answers_all_short_sources_as_its_task(name):
    task = SPECIFIED[name]
    checked, found = check_every(specification(task), task, specification(task) if name in NEVER_DRAWN else None, 1)
    assert found is None
    assert checked.sources >= len(task.vocabulary) // 2


@pytest.mark.slow
@pytest.mark.parametrize("name", SPECIFIED)
def test_a_specification_has_rules_for_what_is_drawn_and_answers_as_its_task(name):
    task = SPECIFIED[name]
    checked, found = check_drawn(specification(task), task, specification(task), longest=200, sequences=512)
    assert (checked.sources, found) == (512, None)


def test_all_sources_are_counted_up_to_the_length_for_which_there_is_time():
    task, program = ANSWERING["parity"]
    checked, found = check_every(program, task, None, seconds=0.5)
    longest = checked.lengths[1]
    assert (checked.sources, found) == (2 ** (longest + 1) - 2, None)
    assert str(checked) == f"{checked.sources} of lengths 1-{longest}"


def test_sources_that_a_task_has_no_answer_to_are_left_out():
    task, program = ANSWERING["Dyck-1"]
    checked, _ = check_every(program, task, None, seconds=0.5)
    ways = [1]  # to be at each depth
    total = 0
    for _ in range(checked.lengths[1]):
        ways = [
            sum(ways[near] for near in (depth - 1, depth + 1) if 0 <= near < len(ways))
            for depth in range(len(ways) + 1)
        ]
        total += sum(ways)
    assert checked.sources == total


def test_the_first_wrong_answer_is_reported():
    task, program = ANSWERING["parity"]
    checked, found = check_every(replace(program, answers=program.answers[:1] * 2), task, None, seconds=10)
    assert (checked, found.is_shortest) == (None, True)
    assert str(found) == (
        "of the source '1', after '1<blank>', the program answers '0' where '1' is right; no shorter source is "
        "answered wrongly"
    )


def test_a_program_without_a_rule_that_is_needed_answers_nothing():
    task, program = ANSWERING["parity"]
    rules = ((*program.rules[0][:1], None, program.rules[0][2]), program.rules[1])
    _, found = check_every(replace(program, rules=rules), task, None, seconds=10)
    assert (found.source, found.answered) == ("1", None)


def test_drawn_sources_refute_a_program_that_is_right_on_short_ones_only():
    task, _ = ANSWERING["parity"]

    def rule(state, token, top):
        count, odd = state
        return state if token == 2 else (min(count + 1, 30), (odd + token) % 2 if count < 30 else odd), False, None

    late = write_program(["0", "1", "<blank>"], None, (), (0, 0), rule, lambda state, top: state[1])
    assert check_every(late, task, None, seconds=0.2)[1] is None
    _, found = check_drawn(late, task, None, longest=100, sequences=50)
    assert not found.is_shortest
    assert len(found.source) > 30


def test_a_task_that_is_not_given_as_a_program_is_checked():
    task = ns.TASKS["odds-first"]()
    result = verify(ANSWERING["reverse string"][1], task, seconds=1, sequences=5, longest=10)
    assert result.verdict == "refuted"
    task = ns.FunctionTask(lambda source: source[::-1], "ab", (1, 8), (9, 16))
    result = verify(PROGRAMS["reversal"], task, seconds=0.2, sequences=5, longest=10)
    assert result.verdict == "checked"
    assert str(result).splitlines()[-1] == "every length    not proved: the task is not given as a program"
    own = specification(ns.Reversal(alphabet="ab"))
    assert verify(PROGRAMS["reversal"], task, specification=own, seconds=0.2, sequences=5, longest=10).proof


def test_a_report_is_written_as_plain_data():
    task, program = ANSWERING["cycle navigation"]
    result = verify(program, task, seconds=0.2, sequences=5, longest=10)
    record = json.loads(json.dumps(result.record()))
    assert record["verdict"] == "proved"
    assert record["drawn"]["sources"] == 5
    assert record["proof"]["obligations"] == result.proof.obligations


def test_a_specification_that_differs_from_the_task_is_refused():
    task, program = ANSWERING["parity"]
    wrong = replace(program, answers=program.answers[::-1])
    with pytest.raises(ValueError, match="does not answer as the task does, at the source '0'"):
        check_every(program, task, wrong, seconds=1)


def test_a_program_with_other_tokens_is_refused():
    with pytest.raises(ValueError, match="other tokens than the task"):
        verify(PROGRAMS["brackets"], ns.TASKS["parity"]())
