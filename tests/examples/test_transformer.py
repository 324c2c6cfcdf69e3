import importlib.util
import json
from pathlib import Path

import pytest

import neuralstack as ns

EXAMPLE = Path(__file__).parents[2] / "examples" / "transformer_reversal.py"


@pytest.fixture(scope="module")
def example():
    """The example as a module."""
    spec = importlib.util.spec_from_file_location("transformer_reversal", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SMALL = {"task": ns.Reversal(max_length=16), "lengths": (8, 16), "count": 100}


@pytest.mark.slow
def test_an_attempt_that_answers_nothing_is_followed_by_others(example, monkeypatch):
    monkeypatch.setattr(example, "ATTEMPT", 10)
    outcome = example.learn(0, most=25, **SMALL)
    assert (outcome["steps"], outcome["restarts"]) == (25, 1)


@pytest.mark.slow
def test_a_small_size_is_learned_and_reported(example, monkeypatch, capsys, optimized):
    monkeypatch.setattr(example, "EXTRA", 0)
    learn = example.learn
    monkeypatch.setattr(example, "learn", lambda seed: learn(seed, most=600, **SMALL))
    monkeypatch.setattr("sys.argv", ["transformer_reversal.py", "--json"])
    example.main()
    shown = capsys.readouterr()
    assert json.loads(shown.out)["whole"] == 1
    assert shown.err.endswith("1 of 1 seeds answer at least 99% of the strings\n")
