"""When training ends, and when an attempt starts over."""

import pytest

from neuralstack import Stopping
from neuralstack.training import Run
from small import LEARNING

pytest_plugins = ("small_runs",)


def records_of(*parts):
    """Return the records of evaluations, 25 batches apart."""
    return [
        {"step": 25 * number, "attempt": attempt, "validation": {"coarse": coarse, "fine": fine}}
        for number, (attempt, coarse, fine) in enumerate(parts, 1)
    ]


PERFECT, NEARLY = (0, 1.0, 1.0), (0, 0.999, 0.9999)
VERDICTS = {
    "often enough": ([NEARLY, PERFECT, PERFECT, PERFECT], 3, "perfect"),
    "not yet often enough": ([NEARLY, PERFECT, PERFECT], 3, None),
    "not often enough since the start": ([PERFECT, PERFECT], 3, None),
    "not in a row": ([PERFECT, PERFECT, NEARLY, PERFECT], 3, None),
    "in two attempts": ([PERFECT, PERFECT, (1, 1.0, 1.0)], 3, None),
    "once, as asked for": ([PERFECT], 1, "perfect"),
    "never to stop for it": ([PERFECT] * 9, 0, None),
    "before any evaluation": ([], 3, None),
}


@pytest.mark.parametrize(("parts", "count", "status"), VERDICTS.values(), ids=VERDICTS)
def test_training_ends_early_when_validation_was_perfect_in_a_row(parts, count, status):
    assert Stopping(stop_after_perfect=count).is_over(records_of(*parts), 500) is (status == "perfect")


@pytest.mark.parametrize("extra", [0, 30])
def test_extra_steps_are_counted_from_the_evaluation_that_was_perfect_often_enough(extra):
    stopping = Stopping(stop_after_perfect=2, extra_steps=extra)
    records = records_of(NEARLY, PERFECT, PERFECT, NEARLY)  # perfect often enough at batch 75
    assert not stopping.is_over(records, 75 + extra - 1)
    assert stopping.is_over(records, 75 + extra)


def test_a_run_that_learned_took_the_extra_steps_once_validation_had_been_perfect_as_often_as_asked(learned):
    records = Run.open(learned).metrics()
    accuracies = [record["validation"]["coarse"] for record in records]
    perfect = [1] * LEARNING["stop_after_perfect"]
    ends = range(len(perfect), len(accuracies) + 1)
    first = next(end for end in ends if accuracies[end - len(perfect) : end] == perfect)
    assert records[-1]["step"] == records[first - 1]["step"] + LEARNING["extra_steps"]


@pytest.mark.parametrize(("stalled", "expected"), [(150, True), (149, False)])
def test_an_attempt_starts_over_when_its_warm_up_makes_no_progress(stalled, expected):
    assert Stopping(restart_after=150).should_restart(stalled) is expected
    assert not Stopping(restart_after=0).should_restart(stalled)


def test_a_run_with_a_finishing_phase_stops_only_once_the_rounded_machine_is_perfect():
    soft, rounded = ([record | {"quantization": level} for record in records_of(*[PERFECT] * 4)] for level in (0, 1))
    assert not Stopping().is_over(soft, 1000)
    assert Stopping().is_over(rounded, 1000)


FINISHING = {
    "not exact in time": ([0, 1, 1, 1], [0.5, 0.9, 0.9, 0.9], 50, True),
    "not exact, but in time": ([0, 0, 1, 1], [0.5, 0.9, 0.9, 0.9], 50, False),
    "exact too rarely": ([0, 1, 1, 1], [0.5, 1, 0.9, 1], 50, True),
    "exact in time": ([0, 1, 1, 1], [0.5, 1, 1, 0.9], 50, False),
    "not finishing yet": ([0, 0, 0, 0], [0.5, 0.9, 0.9, 0.9], 50, False),
    "never to restart for it": ([1, 1, 1, 1], [0.5, 0.9, 0.9, 0.9], 0, False),
}


@pytest.mark.parametrize("case", FINISHING)
def test_an_attempt_starts_over_when_its_finishing_phase_does_not_make_it_exact_in_time(case):
    levels, coarse, within, expected = FINISHING[case]
    records = records_of(*[(1, value, value) for value in coarse])
    records = [record | {"quantization": level} for record, level in zip(records, levels, strict=True)]
    stopping = Stopping(stop_after_perfect=2, finish_within=within)
    assert stopping.should_restart(0, records, attempt=1) is expected
    assert not stopping.should_restart(0, records, attempt=2)  # the attempt after it has only begun


BEGINNING = {
    "not in time": ([0, 0, 0, 0], 75, True),
    "in time": ([0, 0, 0, 1], 75, False),
    "not yet": ([0, 0, 0, 0], 76, False),
    "without a finishing phase": (None, 75, False),
    "never to restart for it": ([0, 0, 0, 0], 0, False),
}


@pytest.mark.parametrize("case", BEGINNING)
def test_an_attempt_starts_over_when_its_finishing_phase_does_not_begin_in_time(case):
    levels, within, expected = BEGINNING[case]
    records = records_of((0, 0.5, 0.5), *[(1, 0.5, 0.5)] * 3)
    if levels is not None:
        records = [record | {"quantization": level} for record, level in zip(records, levels, strict=True)]
    assert Stopping(begin_within=within).should_restart(0, records, attempt=1) is expected
    assert not Stopping(begin_within=within).should_restart(0, records, attempt=2)  # it has only begun


@pytest.mark.parametrize(("best", "expected"), [(1, False), (0.9, True)])
def test_without_early_stopping_one_perfect_evaluation_ends_a_finishing_phase(best, expected):
    records = [record | {"quantization": 1} for record in records_of((1, 0.5, 0.5), (1, best, best), (1, 0.5, 0.5))]
    stopping = Stopping(stop_after_perfect=0, finish_within=1)
    assert stopping.should_restart(0, records, attempt=1) is expected
