import json

import pytest

from neuralstack import evaluate, fixed_set, harden, load
from neuralstack.tasks import Reversal
from neuralstack.tasks.language._corpus import read_symbols, read_text

pytest_plugins = ("small_runs",)


@pytest.fixture
def written(call, tmp_path):
    """A run of language models, trained for two steps."""
    text, out = tmp_path / "text.txt", tmp_path / "run"
    text.write_text("a cat and a rat. " * 30)
    sizes = ("--hidden-dim", 4, "--memory-dim", 4, "--batch-size", 2, "--max-steps", 2, "--max-length", 8)
    status, said, err = call("train", "characters", "--text", text, "--out", out, *sizes)
    assert (status, err) == (0, "")
    assert "all 2 steps were taken" in said
    text.unlink()  # to write and to predict typed text, the text is not needed any more
    return out


def test_sample_writes_the_prompt_and_as_many_characters_as_asked(call, written):
    status, out, err = call("sample", written, "--prompt", "a cat", "--length", 12, "--seed", 3)
    assert (status, err) == (0, "")
    assert out.startswith("a cat")
    assert len(out) == len("a cat") + 12 + 1
    assert call("sample", written, "--prompt", "a cat", "--length", 12, "--seed", 3)[1] == out


def test_sample_refuses_what_the_text_never_had_in_one_line(call, written):
    status, out, err = call("sample", written, "--prompt", "a dog")
    assert (status, out) == (2, "")
    assert err == (
        "neuralstack: unknown symbol 'o' at character 4 of the text: this task knows the 8 characters ' .acdnrt'.\n"
    )


def test_sample_refuses_a_run_of_another_task(call, learned):
    status, _, err = call("sample", learned, "--prompt", "a")
    assert status == 2
    assert err.endswith("is one of another: use predict.\n")


def test_evaluate_measures_a_text_in_bits(call, written, tmp_path):
    (tmp_path / "text.txt").write_text("a cat and a rat. " * 30)
    status, out, _ = call("evaluate", written, "--json")
    found = json.loads(out)
    assert status == 0
    assert found["characters"] == 50
    assert found["bits"] == pytest.approx(found["loss"] / 0.6931, rel=1e-3)
    assert "bits per character" in call("evaluate", written)[1]


def test_evaluating_a_text_that_is_gone_says_so(call, written):
    for remembered in (read_text, read_symbols):
        remembered.cache_clear()
    status, _, err = call("evaluate", written)
    assert status == 2
    assert "No such file or directory; give the path of another text" in err


def test_evaluate_and_predict_take_a_hardened_machine(call, learned):
    status, out, err = call("evaluate", learned, "--harden", "--json", "--lengths", 2, 8)
    assert (status, err) == (0, "")
    wanted = evaluate(harden(load(learned)), fixed_set(Reversal(8), (2, 8)))
    assert json.loads(out)["token"] == pytest.approx(wanted.token)
    assert json.loads(out)["loss"] != evaluate(load(learned), fixed_set(Reversal(8), (2, 8))).loss
    assert call("predict", learned, "stack", "--harden")[1] == "kcats\n"
