"""Fixed sets of every task: recorded lengths are those of the sources, and every length can be requested."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import TASKS_UNDER_TEST, quick
from neuralstack import TASKS, Reversal, evaluate, fixed_set
from neuralstack.tasks import Autoregressive, PairTask

LOW, HIGH = 8, 11


@cache
def drawn(name):
    task = TASKS_UNDER_TEST[name](max_length=HIGH)
    return task, fixed_set(task, (LOW, HIGH), 24)


def source_lengths(task, data):
    """Lengths of the sources, found from a machine's inputs."""
    inputs = np.asarray(data.examples.inputs)
    if isinstance(task.format, Autoregressive):
        return (inputs == task.symbols + 1).argmax(1) - 1
    is_blank = inputs == task.symbols
    return np.where(is_blank.any(1), is_blank.argmax(1), inputs.shape[1])


OFTEN = ("dyck-2",)


@pytest.mark.parametrize("name", quick(TASKS_UNDER_TEST, *OFTEN))
def test_recorded_lengths_are_those_of_the_sources_and_within_the_range(name):
    task, data = drawn(name)
    recorded = np.asarray(data.lengths)
    sizes = source_lengths(task, data)
    assert recorded.min() >= LOW
    assert recorded.max() <= HIGH
    if task.sized_by_source:
        assert recorded.tolist() == sizes.tolist()
    else:
        assert [task.source_length(length) for length in recorded.tolist()] == sizes.tolist()


def test_a_bigram_flip_of_8_to_11_symbols_has_no_source_of_12():
    data = fixed_set(TASKS["bigram-flip"](), (8, 11), 100)
    assert set(data.lengths.tolist()) == {8, 10}


EXISTING = {
    "reversal": [8, 9, 10, 11], "bigram-flip": [8, 10], "modular-arithmetic": [9, 11], "dyck-2": [8, 10],
    "gender": [8, 9, 11], "anbn": [8, 9, 10, 11],
}  # fmt: skip


@pytest.mark.parametrize("name", quick(EXISTING, "bigram-flip", "anbn"))
def test_a_set_of_every_length_has_equally_many_sequences_of_each(name):
    task = TASKS[name](max_length=HIGH)
    data = fixed_set(task, (LOW, HIGH), count_per_length=3)
    assert data.lengths.tolist() == [length for length in EXISTING[name] for _ in range(3)]
    if task.sized_by_source:
        assert source_lengths(task, data).tolist() == data.lengths.tolist()


def test_the_benchmarks_longer_lengths_are_all_in_a_set_of_every_length():
    task = TASKS["parity"]()
    assert fixed_set(task, task.test_lengths, count_per_length=1).lengths.tolist() == list(range(41, 501))


def test_a_set_of_every_length_holds_the_lengths_that_data_has():
    task = PairTask([("ab", "ba"), ("abcd", "dcba")])
    assert set(fixed_set(task, (1, 9), count_per_length=2).lengths.tolist()) == {2, 4}
    with pytest.raises(ValueError, match="has no source of 5 to 9 symbols"):
        fixed_set(task, (5, 9), count_per_length=2)


TASK = Reversal(4, alphabet="ab")


def constant(tokens):
    """Answer 0 always."""
    return jax.nn.one_hot(jnp.zeros_like(tokens), TASK.vocab_size)


def test_a_task_is_evaluated_on_its_fixed_set():
    report = evaluate(constant, TASK, lengths=(1, 4), count=20)
    assert report == evaluate(constant, fixed_set(TASK, (1, 4), 20))
    assert sum(row["sequences"] for row in report.by_length.values()) == 20


def test_every_length_counts_the_same_where_each_has_as_many_sequences():
    report = evaluate(constant, TASK, lengths=(1, 4), count_per_length=5)
    assert {length: row["sequences"] for length, row in report.by_length.items()} == dict.fromkeys(range(1, 5), 5)
    assert report.token == pytest.approx(np.mean([row["token"] for row in report.by_length.values()]))


def test_progress_is_reported_after_each_batch():
    calls = []
    evaluate(constant, TASK, (1, 4), 5, batch_size=2, progress=lambda *call: calls.append(call))
    assert calls == [(2, 5), (4, 5), (5, 5)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"task": TASK, "count": 3, "count_per_length": 3}, "not both, got 3 and 3"),
        ({"task": TASK, "lengths": (1, 2), "count": 0}, "got count=0"),
        ({"task": TASK, "lengths": (1, 2), "count_per_length": 0}, "got count_per_length=0"),
        ({"task": TASK, "lengths": (1, 2), "count_per_length": 10**6}, "holds at most 1000000 sequences"),
        ({"task": TASK, "batch_size": 0}, "batch_size must be at least 1, got 0"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        evaluate(constant, **arguments)


def test_a_count_for_a_set_is_refused():
    with pytest.raises(ValueError, match="a set of examples has its own lengths and counts"):
        evaluate(constant, fixed_set(TASK, (1, 2), 2), count=3)
