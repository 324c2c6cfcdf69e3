import json
import os
import shutil

import pytest

from neuralstack import evaluate, fixed_set, harden, load
from neuralstack.tasks import Reversal
from neuralstack.training import configure
from small import untrained_run

pytest_plugins = ("small_runs",)


TEXT = "a cat and a rat. " * 30


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A run of language models, not trained at all, and its text."""
    base = tmp_path_factory.mktemp("language")
    (base / "text.txt").write_text(TEXT)
    sizes = {"hidden_dim": 4, "memory_dim": 4, "batch_size": 2, "max_steps": 2, "max_length": 8}
    untrained_run(base / "run", configure("characters", text=str(base / "text.txt"), **sizes))
    return base


@pytest.fixture
def written(begun, tmp_path):
    """A copy of that run without its text, which is not needed to generate text or to predict typed text."""
    (begun / "text.txt").unlink(missing_ok=True)
    return shutil.copytree(begun / "run", tmp_path / "run")


@pytest.fixture
def with_text(written, begun):
    """A copy of that run, with its text."""
    (begun / "text.txt").write_text(TEXT)
    return written, begun / "text.txt"


def test_sample_writes_the_prompt_and_as_many_characters_as_asked(call, written):
    status, out, err = call("sample", written, "--prompt", "a cat", "--length", 12, "--seed", 3)
    assert (status, err) == (0, "")
    assert out.startswith("a cat")
    assert len(out) == len("a cat") + 12 + 1
    assert call("sample", written, "--prompt", "a cat", "--length", 12, "--seed", 3)[1] == out


def test_sample_writes_several_texts_each_with_its_seed(call, written):
    options = "--length", 12, "--top-k", 5, "--top-p", 0.9, "--temperature", 2
    status, out, err = call("sample", written, "--count", 2, "--seed", 3, "--prompt", "a cat", *options)
    assert (status, err) == (0, "")
    single = [call("sample", written, "--seed", seed, "--prompt", "a cat", *options)[1] for seed in (3, 4)]
    assert out == f"--- seed 3 ---\n{single[0]}--- seed 4 ---\n{single[1]}"
    lines = call("sample", written, "--count", 2, "--seed", 3, "--prompt", "a cat", *options, "--json")[1].splitlines()
    assert [json.loads(line) for line in lines] == [
        {"seed": seed, "prompt": "a cat", "text": text.removeprefix("a cat").rstrip("\n")}
        for seed, text in zip((3, 4), single, strict=True)
    ]


def test_sample_needs_no_prompt_and_stops_at_a_character(call, written):
    whole = call("sample", written, "--length", 60, "--seed", 1, "--temperature", 3)[1].rstrip("\n")
    assert len(whole) == 60
    stopped = call("sample", written, "--length", 60, "--seed", 1, "--temperature", 3, "--stop", ".")[1].rstrip("\n")
    assert stopped == whole.partition(".")[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--seed", "1" * 20), "--seed must be a whole number from 0 to 2147483647"),
        (("--count", 1000000), "--count 1000000 texts of --length 300 are 300000000 characters to write, but at most"),
        (("--count", 100, "--length", 1000000), "--count 100 texts of --length 1000000 are 100000000 characters"),
        (("--count", 0), "--count, the number of texts, must be at least 1"),
        (("--stop", r"\n"), r"--stop must be one character of the task's alphabet, got '\n'"),
        (("--prompt", "-x"), "write a text that begins with a dash as --prompt=-x"),
        (("--prompt", "--x"), "write a text that begins with a dash as --prompt=--x"),
        (("--prompt=-x",), "unknown symbol '-' at character 1"),
        (("--top-k", "many"), "--top-k needs a whole number, got 'many'"),
    ],
    ids=str,
)
def test_sample_refuses_impossible_options_in_one_line(call, written, options, message):
    status, out, err = call("sample", written, *options)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err


def test_sample_refuses_what_the_text_never_had_in_one_line(call, written):
    status, out, err = call("sample", written, "--prompt", "a dog")
    assert (status, out) == (2, "")
    assert err == (
        "neuralstack: unknown symbol 'o' at character 4 of the text: this task knows the 8 characters ' .acdnrt'.\n"
    )


def test_sample_refuses_a_run_of_another_task(call, learned):
    status, _, err = call("sample", learned, "--prompt", "a")
    assert status == 2
    assert err.endswith("is of another task: use predict.\n")


def test_evaluate_measures_a_text_in_bits(call, with_text):
    status, out, _ = call("evaluate", with_text[0], "--json")
    found = json.loads(out)
    assert status == 0
    assert found["characters"] == 50
    assert found["bits"] == pytest.approx(found["loss"] / 0.6931, rel=1e-3)
    assert found["perplexity"] == pytest.approx(2 ** found["bits"])
    assert "perplexity" in call("evaluate", with_text[0])[1]


def test_evaluate_measures_another_text_as_a_whole(call, written, tmp_path):
    (tmp_path / "other.txt").write_text("a rat and a cat." * 5, encoding="utf-16")
    arguments = "evaluate", written, "--text", tmp_path / "other.txt", "--text-encoding", "utf-16"
    status, out, err = call(*arguments, "--json")
    assert (status, err) == (0, "")
    assert json.loads(out)["characters"] == 79
    assert "Prediction of " in call(*arguments)[1]


@pytest.mark.slow
def test_a_text_that_has_moved_is_known_again(call, with_text, tmp_path):
    run, text = with_text
    before = call("evaluate", run, "--json")
    moved = text.rename(tmp_path / "moved.txt")
    assert call("evaluate", run, "--text", moved, "--json") == before
    status, out, err = call("train", "--resume", run, "--max-steps", 3, "--text", moved)
    assert (status, err) == (0, "")
    assert "all 3 steps were taken" in out


def test_a_text_that_was_edited_is_refused(call, with_text, tmp_path):
    run, text = with_text
    for edited in (TEXT + "a cat.", "a dog. " + TEXT):
        text.write_text(edited)
        for command in (("evaluate", run), ("train", "--resume", run, "--max-steps", 3)):
            status, out, err = call(*command)
            assert (status, out) == (2, "")
            assert err.startswith(f"neuralstack: the text {str(text)!r} is not that of the training, or was changed")
            assert err.count("\n") == 1


def test_a_run_that_kept_no_version_of_its_text_is_evaluated_and_resumed(call, with_text):
    run, text = with_text
    (run / "text.json").unlink()
    other = shutil.copy(text, run.parent / "other.txt")
    assert call("evaluate", run)[0] == call("train", "--resume", run, "--max-steps", 3)[0] == 0
    assert "was started with data.text=" in call("train", "--resume", run, "--max-steps", 4, "--text", other)[2]


BAD_OPTIONS = [
    (("--text", "dog.txt"), "the text has the characters 'g', 'o', which are not in the alphabet of 8"),
    (("--text", "none.txt"), "cannot read the text 'none.txt': No such file or directory"),
    (("--text", "dog.txt", "--text-encoding", "klingon"), "there is no encoding 'klingon'"),
    (("--text", "dog.txt", "--text-encoding", "utf-32"), "is not in the encoding utf-32"),
    (("--text-encoding", "utf-16"), "--text-encoding is the encoding of the file --text: give both"),
    (("--text", "dog.txt", "--lengths", 1, 2), "give only one of --data, --lengths and --text"),
]


@pytest.mark.parametrize(("options", "message"), BAD_OPTIONS, ids=str)
def test_evaluate_refuses_a_text_that_does_not_suit_in_one_line(call, written, monkeypatch, tmp_path, options, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dog.txt").write_text("a dog and a cat.")
    status, out, err = call("evaluate", written, *options)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err


def test_a_text_belongs_to_the_task_characters(call, learned, tmp_path):
    assert "needs a run of the task characters" in call("evaluate", learned, "--text", tmp_path)[2]
    assert "--text-encoding belongs to the task characters" in call("train", "reversal", "--text-encoding", "utf-16")[2]


def test_without_its_text_a_run_says_how_to_give_it(call, written):
    for command in (("evaluate", written), ("train", "--resume", written, "--max-steps", 3)):
        status, out, err = call(*command)
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert err.startswith(f"neuralstack: the text of {str(written)!r} is no longer at ")
        assert err.endswith("text.txt': give its new path as --text.\n")


def test_without_its_text_a_run_predicts_and_is_traced(call, written):
    assert call("predict", written, "a cat")[0] == 0
    assert call("trace", written, "a cat", "--versions", "untrained", "soft")[0] == 0


@pytest.mark.parametrize("text", ["/dev/zero", "/dev", "fifo"])
def test_a_run_from_elsewhere_cannot_name_an_endless_text(call, written, monkeypatch, tmp_path, text):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("fifo")
    content = json.loads((written / "config.json").read_text())
    content["config"]["data"]["text"] = text
    (written / "config.json").write_text(json.dumps(content))
    status, _, err = call("evaluate", written)
    assert (status, err.count("\n")) == (2, 1)
    assert "it is not a regular file" in err or "Is a directory" in err
    assert call("sample", written, "--length", 3)[0] == 0


@pytest.mark.parametrize("kind", ["text.json is a list", "text.json holds numbers"])
def test_a_broken_record_of_a_text_is_named(call, with_text, kind):
    (with_text[0] / "text.json").write_text("[]" if "list" in kind else '{"sha256": 1, "python": ""}')
    assert "text.json' is broken (it" in call("evaluate", with_text[0])[2]


@pytest.mark.slow
def test_evaluate_and_predict_take_a_hardened_machine(call, learned):
    status, out, err = call("evaluate", learned, "--harden", "--json", "--lengths", 2, 8)
    assert (status, err) == (0, "")
    wanted = evaluate(harden(load(learned)), fixed_set(Reversal(8), (2, 8)))
    assert json.loads(out)["token"] == pytest.approx(wanted.token)
    assert json.loads(out)["loss"] != evaluate(load(learned), fixed_set(Reversal(8), (2, 8))).loss
    assert call("predict", learned, "stack", "--harden")[1] == "kcats\n"
