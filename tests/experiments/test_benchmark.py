"""The benchmark: models of every kind, their scores beside the published ones, and models that cannot be measured."""

import json
import math
import re

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neuralstack as ns
from neuralstack.experiments import SUITES


class Table(eqx.Module):
    """A model that answers each token by itself."""

    weights: jax.Array

    def __init__(self, vocab_size, *, key):
        self.weights = jax.random.normal(key, (vocab_size, vocab_size))

    def __call__(self, tokens):
        return self.weights[tokens]


class Unmasked(Table):
    def __call__(self, tokens):
        return self.weights[tokens] + self.weights[tokens].mean(0)


class Narrow(Table):
    def __call__(self, tokens):
        return self.weights[tokens][:, :-1]


class OfBatches(Table):
    def __call__(self, tokens):
        return self.weights[tokens[:, 0]]


class Infinite(Table):
    def __call__(self, tokens):
        return self.weights[tokens] * jnp.inf


def counter(vocab_size, key, task):
    """A function that answers parity, and copies what it is given in every other task."""
    return lambda tokens: np.eye(vocab_size)[np.cumsum(tokens == 1, axis=1) % 2 if task == "parity" else tokens]


def measured(build, *tasks, suite="chomsky", **options):
    options = {"count": 20, "max_steps": 2, "batch_size": 2, "show": False} | options
    return ns.benchmark(build, suite, tasks=tasks, **options)


def test_a_function_of_batches_is_measured_as_it_is_and_told_the_task():
    rows = []
    result = measured(counter, "parity", "even-pairs", progress=rows.append)
    assert result.rows == tuple(rows)
    parity, pairs = rows
    assert (parity.score, parity.whole, parity.steps, parity.model) == (100, 1, 0, "counter")
    assert pairs.score == 0  # the token that asks for an answer is none


def test_tables_have_the_published_scores_and_over_seeds_the_mean_the_least_and_the_largest():
    rows = [
        ns.BenchmarkRow("chomsky", "bucket-sort", "mine", seed, score, 0.5, 0.5, 0.5, 1.0, 10, 2.0)
        for seed, score in enumerate((50.0, 70.0))
    ]
    result = ns.BenchmarkResult(tuple(rows))
    table, training = result.tables()
    assert table.rows == [("bucket-sort", "60.0", "50.0", "70.0", "~27.9", "~78.1", "~70.7", "~99.3", "~91.9")]
    assert training.rows == [("bucket-sort", "0.500", "10", "2.0")]
    assert str(result).splitlines()[-1].split() == ["bucket-sort", "0.500", "10", "2.0"]
    assert result._repr_html_().count("<table") == 2
    assert repr(result) == "BenchmarkResult(chomsky: mine on 1 task, mean score 60.0)"


def test_a_result_without_rows_is_printed_as_such():
    result = ns.BenchmarkResult(())
    assert str(result) == repr(result) == result._repr_html_() == "BenchmarkResult(no rows)"
    assert (result.tables(), result.to_json()) == ([], "")


def test_a_row_that_failed_is_valid_json():
    row = ns.BenchmarkRow("dyck", "dyck-1", "mine", 3, *[math.nan] * 5, 0, 1.0, "training failed")
    (line,) = ns.BenchmarkResult((row,)).to_json().splitlines()
    kept = json.loads(line)
    assert (kept["seed"], kept["score"], kept["whole"], kept["failure"]) == (3, None, None, "training failed")
    assert ns.BenchmarkResult((row,)).tables()[0].rows == [("dyck-1", "failed")]


@pytest.mark.parametrize("suite", ["transductions", "counting"])
def test_a_suite_with_a_committed_result_has_our_scores(suite):
    ours = SUITES[suite].ours()
    assert {*ours} == {*SUITES[suite].tasks}
    assert all(0 <= score <= 100 for score in ours.values())


UNFIT = {
    "nothing": (lambda vocab_size, key: None, "it returned an object of type NoneType"),
    "a class": (lambda vocab_size, key: Table, "it returned the class Table"),
    "weights alone": (lambda vocab_size, key: (jnp.ones(3), np.eye), "it returned an object of type tuple"),
    "other arguments": (lambda width, vocab_size, key: None, "it takes (width, vocab_size, key): give other arguments"),
    "no function": (3, "build must be a function of (vocab_size, key), got an object of type int"),
    "a mistake": (lambda vocab_size, key: 1 / 0, "build failed for the task parity, ZeroDivisionError: division by"),
    "a module with fewer logits": (Narrow, "for tokens of shape (501,), the model that build returned, Narrow, must"),
    "a module of batches": (OfBatches, "OfBatches, fails on the tokens [steps] of one sequence, "),
    "a function of one sequence": (
        lambda vocab_size, key: lambda tokens: np.zeros((len(tokens), vocab_size)),
        "for tokens of shape (20, 501), the model that build returned, function, must give logits of shape "
        "(20, 501, 3), one for each of vocab_size=3 tokens, got (20, 3).",
    ),
    "a function that fails": (
        lambda vocab_size, key: lambda tokens: tokens.no_such_name,
        "fails on tokens [batch, steps] of shape (20, 501), AttributeError: 'numpy.ndarray' object has no attribute",
    ),
}


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(("build", "message"), UNFIT.values(), ids=UNFIT)
def test_what_is_no_model_is_refused_with_what_is_needed(build, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        measured(build, "parity")


@pytest.mark.parametrize("build", [Unmasked, lambda vocab_size, key: jax.vmap(Unmasked(vocab_size, key=key))])
def test_a_model_that_looks_ahead_is_refused_where_later_inputs_hold_the_answer(build):
    with pytest.raises(ValueError, match="looks ahead: its logits change with later tokens"):
        measured(build, "dyck-1", suite="dyck")


WRONG = {
    "suite": ({"suite": "chomski"}, "unknown suite 'chomski': did you mean 'chomsky'?"),
    "task": ({"tasks": ["party"]}, "unknown task of the suite chomsky 'party': did you mean 'parity'?"),
    "no task": ({"tasks": []}, "tasks must be at least one, and each only once, got none"),
    "twice": ({"tasks": ["parity", "parity"]}, "each only once, got parity, parity"),
    "no steps": ({"max_steps": 0}, "max_steps must be at least 1, got 0"),
    "no seeds": ({"seeds": 0}, "seeds must be at least 1, got 0"),
    "no count": ({"count": 0}, "count must be at least 1, got 0"),
    "negative seed": ({"first_seed": -1}, "first_seed must be from 0 to 2147483647, got -1"),
    "a task's name in place of a list": ({"tasks": "parity"}, "tasks must be a list of names, such as ['parity']"),
    "no name of a suite": ({"suite": None}, "suite must be one of chomsky, transductions, counting, dyck, got None"),
    "seeds as text": ({"seeds": "2"}, "seeds must be a whole number, got '2'"),
    "half a sequence": ({"count": 2.5}, "count must be a whole number, got 2.5"),
    "a seed too far": ({"first_seed": 2147483647, "seeds": 2}, "first_seed must be from 0 to 2147483646"),
    "progress": ({"progress": 3}, "progress must be a function of a row, got 3"),
    "name": ({"name": 3}, "name must be text, got 3"),
    "count of all": ({"suite": "counting", "count": 3}, "is measured on every string: leave out count=3"),
}


@pytest.mark.parametrize(("options", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_argument_is_refused_before_anything_is_built(options, message, unchecked_types):
    with pytest.raises(ValueError, match=re.escape(message)):
        ns.benchmark(lambda vocab_size, key: pytest.fail("built"), **options)


def test_logits_that_are_no_numbers_are_a_failure():
    def build(vocab_size, key):
        return lambda tokens: np.full((*tokens.shape, vocab_size), np.nan)

    (row,) = ns.benchmark(build, tasks=["parity"], count=3, show=False)
    assert row.failure == "its logits are not finite numbers"


@pytest.mark.slow
@pytest.mark.parametrize(("suite", "task"), [("chomsky", "parity"), ("dyck", "dyck-1"), ("counting", "anbn")])
def test_a_module_is_trained_and_measured_and_a_seed_gives_the_same_again(suite, task):
    options = {"suite": suite, "count": None if suite == "counting" else 20}
    result = measured(Table, task, seeds=2, **options)
    assert [(row.seed, row.steps, row.model) for row in result] == [(0, 2, "Table"), (1, 2, "Table")]
    assert all(0 <= row.score <= 100 and row.seconds > 0 for row in result)
    (again,) = measured(Table, task, first_seed=1, **options)
    assert again._replace(seconds=0) == result.rows[1]._replace(seconds=0)


@pytest.mark.slow
def test_a_machine_of_ours_is_trained_like_any_module():
    def build(vocab_size, key):
        return ns.Machine(ns.GRU(4, 4, key=key), ns.NeuralStack(4), vocab_size, key=key)

    (row,) = measured(build, "copy", suite="transductions", name="stack")
    assert (row.model, row.steps) == ("stack", 2)


@pytest.mark.slow
def test_a_training_that_fails_leaves_the_others_alone():
    def build(vocab_size, key, task):
        return (Infinite if task == "parity" else Table)(vocab_size, key=key)

    failed, other = measured(build, "parity", "even-pairs")
    assert math.isnan(failed.score)
    assert failed.failure.startswith("training failed at step 0: the loss or its gradient is not a finite number")
    assert not math.isnan(other.score)


@pytest.mark.slow
def test_a_torch_module_is_measured_in_evaluation_mode():
    torch = pytest.importorskip("torch")

    class Dropped(torch.nn.Module):
        def __init__(self, vocab_size):
            super().__init__()
            self.embedding, self.dropout = torch.nn.Embedding(vocab_size, vocab_size), torch.nn.Dropout(0.5)

        def forward(self, tokens):
            return self.dropout(self.embedding(tokens))

    module = Dropped(3)
    weights = module.embedding.weight.detach().numpy()
    of_torch, of_numpy = (
        measured(lambda vocab_size, key, model=model: model, "parity", name="same")
        for model in (module, lambda tokens: weights[tokens])
    )
    assert of_torch.rows == of_numpy.rows
