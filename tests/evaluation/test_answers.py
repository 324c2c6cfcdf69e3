"""Accuracies of a machine on a set, overall and by length, and its greedy answers."""

import json

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neuralstack import Reversal, evaluate, fixed_set, predict
from neuralstack.evaluation import score

pytest_plugins = ("small_runs",)

TASK = Reversal(8)


def test_accuracies_by_length_add_up_to_those_of_the_whole_set(noisy_machine):
    data = fixed_set(TASK, (2, 8))
    report = evaluate(noisy_machine, data)
    assert 0.05 < report.coarse < 0.95
    counts = {length: (np.asarray(data.lengths) == length).sum() for length in range(2, 9)}
    assert {length: one["sequences"] for length, one in report.by_length.items()} == counts
    for part in ("coarse", "fine", "token", "loss"):
        whole = sum(one["sequences"] * one[part] for one in report.by_length.values()) / 1000
        assert getattr(report, part) == pytest.approx(whole, rel=1e-5)
    assert report.by_length[8]["fine"] < report.by_length[2]["fine"]


def test_a_report_is_plain_data(noisy_machine):
    report = evaluate(noisy_machine, fixed_set(TASK, (2, 8)))
    again = json.loads(json.dumps(report._asdict()))
    assert again == {**report._asdict(), "by_length": {str(n): one for n, one in report.by_length.items()}}


def first(count):
    return jax.tree.map(lambda leaf: leaf[:count], fixed_set(TASK, (2, 8)))


def test_a_set_that_is_answered_in_batches_is_answered_like_a_whole(noisy_machine):
    data = first(37)
    report = evaluate(noisy_machine, data, batch_size=8)  # five batches, the last one not full
    inputs, targets, mask = (leaf.T for leaf in data.examples)
    chosen = jnp.argmax(jax.jit(lambda machine, inputs: machine.batch(inputs).logits)(noisy_machine, inputs), -1)
    whole = score(chosen == targets, mask)
    assert report[:3] == pytest.approx([float(part.mean()) for part in whole], abs=1e-6)
    assert report.coarse not in (0, 1)


def forced(machine, source):
    """Return the answers of a machine at each scored step, given the correct answer, and the fine accuracy."""
    example = TASK.example(source, TASK.answer(source))
    chosen = np.asarray(call(machine, example.inputs).argmax(-1))[np.asarray(example.mask)]
    right = np.cumprod(chosen == np.asarray(example.targets)[np.asarray(example.mask)])
    return chosen.tolist(), int(right.sum())


@jax.jit
def call(machine, inputs):
    return machine(inputs)


@pytest.mark.parametrize("name", ["learned_machine", "noisy_machine"])
def test_a_free_running_machine_answers_as_under_teacher_forcing_up_to_its_first_error(request, name):
    machine, rng = request.getfixturevalue(name), np.random.default_rng(0)
    errors = 0
    for length in [*range(1, 9)] * 3:
        source = rng.integers(0, 128, length).tolist()
        chosen, right = forced(machine, source)
        given = predict(machine, source, TASK)
        tokens = given.tokens + [TASK.end] * given.ended
        assert tokens[: right + 1] == chosen[: right + 1]
        assert ((given.tokens, given.ended) == (TASK.answer(source), True)) is (right == length + 1)
        errors += right <= length
    if name == "noisy_machine":
        assert 0 < errors < 24


def with_bias_of_end(machine, bias):
    return eqx.tree_at(lambda machine: machine.output_bias, machine, machine.output_bias.at[TASK.end].set(bias))


@pytest.mark.parametrize(("limit", "length"), [(None, 2 * 3 + 8), (1, 1), (4, 4), (40, 40)])
def test_a_machine_that_never_ends_its_answer_is_cut_off(learned_machine, limit, length):
    given = predict(with_bias_of_end(learned_machine, -1e9), [5, 6, 7], TASK, limit)
    assert not given.ended
    assert len(given.tokens) == length
    assert given.tokens[:3] == [7, 6, 5][:length]
    assert TASK.end not in given.tokens


def test_a_machine_may_end_its_answer_at_once(learned_machine):
    assert predict(with_bias_of_end(learned_machine, 1e9), [5, 6, 7], TASK) == ("", [], True)


def test_an_answer_that_ends_exactly_at_the_limit_has_ended(learned_machine):
    assert predict(learned_machine, [5, 6, 7], TASK, limit=4).ended
    cut_off = predict(learned_machine, TASK.decode([5, 6, 7]), TASK, limit=3)
    assert (cut_off.tokens, cut_off.ended) == ([7, 6, 5], False)


@pytest.mark.parametrize(("source", "message"), [([], "got none"), ([128], "got the symbol 128"), ("", "is empty")])
def test_a_source_that_is_none_of_the_tasks_is_refused(learned_machine, source, message):
    with pytest.raises(ValueError, match=message):
        predict(learned_machine, source, TASK)
