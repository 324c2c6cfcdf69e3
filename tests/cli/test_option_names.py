"""Errors about an option name it as it is typed, with its value, although the library has another name for it."""

import pytest

pytest_plugins = ("small_runs",)

TRAIN = ("train", "reversal", "--out", "new")
IMITATION, REINFORCE = ("--objective", "imitation"), ("--objective", "reinforce")
NUMBERS = {
    "--hidden-dim": (), "--memory-dim": (), "--num-layers": (), "--binarization": (), "--binarization-start": (),
    "--reconstruction": (), "--input-noise": (), "--input-noise-start": (), "--forcing-prob": IMITATION,
    "--forcing-decay-steps": IMITATION, "--entropy": REINFORCE, "--warmup-lengths": (),
    "--linear-steps": ("--curriculum", "linear"), "--min-length": (), "--max-length": (), "--learning-rate": (),
    "--learning-rate-half-life": (), "--max-grad-norm": (), "--batch-size": (), "--max-steps": (),
    "--stop-after-perfect": (), "--extra-steps": (), "--restart-after": (), "--evaluate-every": (),
    "--state-reset-every": (), "--seed": (), "--seeds": (), "--learning-rates": (),
}  # fmt: skip


@pytest.mark.parametrize("option", NUMBERS)
def test_a_number_that_is_too_small_is_named_as_its_option(call, monkeypatch, tmp_path, option):
    monkeypatch.chdir(tmp_path)
    status, out, err = call(*TRAIN, *NUMBERS[option], f"{option}=-1")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"neuralstack: {option} must be ")
    assert err.rstrip(".\n").endswith((" got -1", " got -1.0"))


OTHERS = {
    "pairs without their data": (("train", "pairs"), 'train pairs needs --data FILE, with one {"source": ...'),
    "data of another task": ((*TRAIN, "--data", "x"), "--data belongs to the task pairs, got the task reversal"),
    "an alphabet of another task": ((*TRAIN, "--alphabet", "ab"), "--alphabet belongs to the task characters, got"),
    "a rate twice": ((*TRAIN, "--learning-rates", 0.1, 0.1), "--learning-rates must each be given only once, got 0.1"),
    "an unknown baseline": ((*TRAIN, *REINFORCE, "--baseline", "x"), "--baseline must be one of running, learned, got"),
    "another curriculum": ((*TRAIN, "--linear-steps", 4), "--linear-steps belongs to the curriculum linear, got"),
    "an empty text": (("train", "characters", "--text", "empty"), "the text 'empty' is empty: give a file with"),
    "a curriculum of a stream": (("train", "characters", "--min-length", 3), "give only --max-length"),
    "seeds of one run": (("train", "--resume", "{run}", "--seeds", 2), "is one run, not a sweep: leave out --seeds"),
    "rates of one run": (("train", "--resume", "{run}", "--learning-rates", 1), "is one run, not a sweep: leave out"),
    "no sequences": (("harden", "{run}", "--sequences", 0), "--sequences must be at least 1 and at most 1000000, got"),
    "no length": (("harden", "{run}", "--longest", -3), "--longest must be at least 1 and at most 1000000, got"),
    "an empty set to compare": (("compare", "{run}", "--count", 0), "a set needs at least 1 sequence, got --count 0"),
}  # fmt: skip


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(("typed", "message"), OTHERS.values(), ids=OTHERS)
def test_an_error_says_which_option_is_meant(call, monkeypatch, tmp_path, new_run, typed, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").touch()
    status, out, err = call(*(str(part).format(run=new_run.path) for part in typed))
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert [file.name for file in tmp_path.iterdir()] == ["empty"]
