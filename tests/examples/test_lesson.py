import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

PATH = Path(__file__).parents[2] / "examples" / "lesson_stack.py"


@pytest.fixture(scope="module")
def lesson():
    spec = importlib.util.spec_from_file_location("lesson_stack", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("auxiliary", [0.0, 0.5])
def test_gradients_equal_finite_differences(lesson, auxiliary):
    rng = np.random.default_rng(0)
    p, (x, target) = lesson.begin(rng, bias=0.3, hidden=4, width=2), lesson.draw(rng, length=3, count=2)

    def total(name, place, change):
        changed = np.array(p[name])
        changed[place] += change
        loss, guesses, _ = lesson.gradients(p | {name: changed}, x, target, auxiliary)
        return loss + auxiliary * guesses

    _, _, g = lesson.gradients(p, x, target, auxiliary)
    assert g.keys() == p.keys()
    for name, weights in p.items():
        slopes = np.zeros(weights.shape)
        for place in np.ndindex(weights.shape):
            slopes[place] = (total(name, place, 1e-5) - total(name, place, -1e-5)) / 2e-5
        np.testing.assert_allclose(g[name], slopes, rtol=0, atol=1e-8, err_msg=name)


def test_with_the_cure_it_learns(lesson):
    seen = []
    p, longest, taken = lesson.train(
        4, bias=1.0, auxiliary=1.0, steps=300, goal=3, watch=lambda step, *now: seen.append(step)
    )
    assert longest == 3
    assert seen == list(range(1, taken + 1))
    right, reading, answering = lesson.measure(p, 3, count=50)
    assert right > 0.9
    assert reading[0] > 0.8
    assert reading[1] < 0.3
    assert answering[0] < 0.3
    assert answering[1] > 0.7


def test_the_command_prints_the_strengths_and_draws_them(lesson, tmp_path, monkeypatch, capsys):
    path = tmp_path / "lesson.png"
    monkeypatch.setattr(sys, "argv", ["lesson_stack.py", "--steps", "2", "--out", str(path)])
    lesson.main()
    assert path.read_bytes().startswith(b"\x89PNG")
    printed = " ".join(capsys.readouterr().out.split())
    assert "no cure: length 1 after 2 steps" in printed
    assert "the cure: length 1 after 2 steps" in printed


def test_the_command_counts_the_seeds_that_learned(lesson, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["lesson_stack.py", "--steps", "1", "--count", "1"])
    lesson.main()
    assert capsys.readouterr().out.count("0 of 1 seeds learned: []") == 4
