"""`neuralstack benchmark`: a model in a file of the user's, its scores as tables or JSON, and bad input in one line."""

import json
import re

import pytest

pytest_plugins = ("small_runs",)

MODELS = """
import signal
import equinox as eqx, jax, numpy as np

def identity(vocab_size, key):
    return lambda tokens: np.eye(vocab_size)[tokens]

def interrupted(vocab_size, key, task):
    def answer(tokens):
        if task == "anb2n" and len(tokens) == 60:
            signal.raise_signal(signal.SIGINT)
        return np.eye(vocab_size)[tokens]
    return answer

def nothing(vocab_size, key):
    return None

class Table(eqx.Module):
    weights: jax.Array
    def __init__(self, vocab_size, *, key):
        self.weights = jax.random.normal(key, (vocab_size, vocab_size))
    def __call__(self, tokens):
        return self.weights[tokens]

number = 3
"""


@pytest.fixture
def benchmark(call, tmp_path, monkeypatch):
    """Run the benchmark of counting languages on a model in `models.py`."""
    (tmp_path / "models.py").write_text(MODELS)
    monkeypatch.chdir(tmp_path)
    return lambda name, *more: call("benchmark", f"models.py:{name}", "--suite", "counting", *more)


def test_the_tables_are_printed_and_each_outcome_is_said_on_standard_error(benchmark):
    status, out, err = benchmark("identity", "--tasks", "anbn", "anb2n")
    assert status == 0
    assert out.startswith("Strings with n up to 60 (%) continued without an error, and published ones\n")
    assert next(line.split()[:2] for line in out.splitlines() if line.startswith("  anb")) == ["anbn", "0.0"]
    assert err == (
        "neuralstack: anbn, seed 0: score 0.0, whole answers 0.000\n"
        "neuralstack: anb2n, seed 0: score 0.0, whole answers 0.000\n"
    )


def test_a_long_benchmark_says_how_far_it_is(benchmark, monkeypatch):
    monkeypatch.setenv("NEURALSTACK_PROGRESS_SECONDS", "0.001")
    err = benchmark("identity", "--tasks", "anbn", "anb2n", "--max-steps", 7)[2]
    line = r"neuralstack: anbn, seed 0 \(1 of 2\): [07] of 7 steps, (compiling|60 of 60 answered) \(\d+ s\)"
    assert re.search(line, err)


def test_json_is_one_object_a_line_for_each_model(benchmark):
    status, out, _ = benchmark("identity", "--tasks", "anbn", "--seeds", 2, "--first-seed", 5, "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert (status, [row["seed"] for row in rows]) == (0, [5, 6])
    expected = {"suite": "counting", "task": "anbn", "model": "identity", "score": 0, "whole": 0, "steps": 0}
    assert rows[0].items() >= expected.items()
    assert rows[0].keys() >= {"fine", "token", "loss", "seconds", "failure"}


def test_after_ctrl_c_there_is_the_table_of_what_was_measured_and_one_line(benchmark):
    status, out, err = benchmark("interrupted", "--tasks", "anbn", "anb2n")
    assert status == 130
    assert [line.split()[0] for line in out.splitlines() if line.startswith("  anb")] == ["anbn", "anbn"]
    assert err.endswith("\nneuralstack: interrupted; models measured before: 1\n")


BAD = {
    "no file": ("nope.py:model", "there is no file 'nope.py'"),
    "no name": ("models.py", "a model of your own is written FILE.py:NAME or package.module:NAME, got 'models.py'"),
    "another name": ("models.py:idenity", "'models.py' has no 'idenity': did you mean 'identity'?"),
    "a number": ("models.py:number", "'models.py:number' is an object of type int, which cannot be used as a model"),
    "nothing": (
        "models.py:nothing",
        "build must return a JAX module from the tokens [steps] of one sequence to logits",
    ),
    "a suite": ("models.py:Table --suite chomski", "unknown suite 'chomski': did you mean 'chomsky'?"),
    "a task": ("models.py:Table --tasks party", "unknown task of the suite chomsky 'party': did you mean 'parity'?"),
    "no steps": ("models.py:Table --max-steps 0", "--max-steps must be at least 1, got 0"),
    "no seeds": ("models.py:Table --seeds 0", "--seeds must be at least 1, got 0"),
    "a negative seed": ("models.py:Table --first-seed=-1", "--first-seed must be from 0 to 2147483647, got -1"),
    "no number": ("models.py:Table --learning-rate nan", "--learning-rate must be a number, above 0, got nan"),
    "a count": ("models.py:Table --suite counting --count 3", "is measured on every string: leave out --count 3"),
}


@pytest.mark.usefixtures("benchmark", "unchecked_types")
@pytest.mark.parametrize(("typed", "message"), BAD.values(), ids=BAD)
def test_what_cannot_be_measured_is_one_line(call, typed, message):
    status, out, err = call("benchmark", *typed.split())
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("neuralstack: ")
    assert message in err


@pytest.mark.slow
def test_a_module_is_trained(benchmark):
    status, out, _ = benchmark("Table", "--tasks", "anbn", "--max-steps", 2, "--batch-size", 2, "--json")
    assert (status, json.loads(out)["steps"]) == (0, 2)
