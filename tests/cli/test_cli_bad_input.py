"""Bad input of any kind: one line that says what is wrong, exit status 2, and nothing on disk has changed."""

import shutil
import subprocess

import pytest

from neuralstack import cli
from neuralstack.training import Run
from small import COMMANDS as NAMES, command, contents

pytest_plugins = ("small_runs",)

TRAIN = "train reversal --out new"
NO_RUN = "is not a run: it has no config.json, which every training writes"

# The arguments typed, split at spaces (`_` is an empty argument), and what the line must say.
COMMANDS = {
    "no command": ("", f"one of {{{', '.join(NAMES)}}}"),
    "an unknown command": (
        "trian",
        f"unknown command 'trian': did you mean 'train'? choose from {', '.join(sorted(NAMES))}.",
    ),
    "an unknown option and no command": ("--nope", "--nope"),
    "an unknown option": (
        "train reversal --hiden 3",
        "unknown option '--hiden': did you mean '--hidden-dim'? see neuralstack",
    ),
    "an argument as an option": ("train --task reversal", "unknown option '--task': give its value without the option"),
    "an unknown option to evaluate": ("evaluate run --jsn", "unknown option '--jsn': did you mean '--json'?"),
    "an unknown option to predict": ("predict run text --chek", "unknown option '--chek': did you mean '--check'?"),
    "an unknown option to reproduce": ("reproduce reversal --quik", "unknown option '--quik': did you mean '--quick'?"),
    "an option like no other": ("list --zzz", "unknown option '--zzz': see neuralstack list --help"),
    "one argument too many": ("list zoo everything", "more arguments than the command takes: everything; see"),
    "an unknown family": ("list everything", "unknown family 'everything': choose from"),
    "an unknown experiment": (
        "reproduce reversl",
        "unknown experiment 'reversl': did you mean 'reversal'? choose from",
    ),
    "an unknown language": (
        "export run --to rust",
        "unknown format 'rust': choose from c, dot, javascript, json, module",
    ),
    "no experiment": ("reproduce", "see neuralstack reproduce --help"),
}
TRAININGS = {
    "no task": ("train", "train needs a task, or --resume RUN: see neuralstack list"),
    "an unknown task": (
        "train revrsal --out new",
        "unknown task 'revrsal': did you mean 'reversal'? choose from addition-stream, anb2n, anbmcnm",
    ),
    "an unknown memory": (
        f"{TRAIN} --memory stak",
        "unknown memory 'stak': did you mean 'stack'? choose from deque, hard, ",
    ),
    "an unknown controller": (f"{TRAIN} --controller gruu", "unknown controller 'gruu': did you mean 'gru'?"),
    "an unknown connection": (f"{TRAIN} --connection papre", "unknown connection 'papre': did you mean 'paper'?"),
    "a connection without its memory": (f"{TRAIN} --memory none --connection layer", "use connection 'paper'"),
    "no width": (f"{TRAIN} --memory-dim 0", "--memory-dim must be a whole number, at least 1"),
    "a negative width": (f"{TRAIN} --hidden-dim -3", "--hidden-dim must be a whole number, at least 1"),
    "a word for a number": (
        f"{TRAIN} --hidden-dim wide",
        "--hidden-dim needs a whole number, got 'wide'; see",
    ),
    "no number": (f"{TRAIN} --batch-size nan", "--batch-size needs a whole number, got 'nan'; see"),
    "no number where one is needed": (
        f"{TRAIN} --learning-rate nan",
        "--learning-rate must be a number, above 0",
    ),
    "no value": (f"{TRAIN} --memory", "--memory needs a value; see"),
    "words for numbers": (f"{TRAIN} --warmup-lengths 4 b", "--warmup-lengths needs whole numbers, got '4' 'b'; see"),
    "a word for a rate": (f"{TRAIN} --learning-rate fast", "--learning-rate needs a number, got 'fast'; see"),
    "no seeds": (f"{TRAIN} --seeds=0", "--seeds must be at least 1 and at most 10000, got 0"),
    "fewer than no seeds": (f"{TRAIN} --seeds=-3", "--seeds must be at least 1 and at most 10000, got -3"),
    "another objective's option": (f"{TRAIN} --forcing-prob 0.5", "--forcing-prob belongs to the objective imitation"),
    "more than the computer has": (
        f"{TRAIN} --hidden-dim 100000",
        "choose a smaller --hidden-dim, --memory-dim, --num-layers, --batch-size or --max-length",
    ),
    "an unknown objective": (f"{TRAIN} --objective luck", "unknown objective 'luck'"),
    "a fraction": (f"{TRAIN} --max-length 1.5", "--max-length needs a whole number, got '1.5'"),
    "a word for a fraction": (f"{TRAIN} --binarization abc", "--binarization needs a number, got 'abc'"),
    "no steps": (f"{TRAIN} --max-steps 0", "--max-steps must be a whole number, at least 1"),
    "lengths out of order": (
        f"{TRAIN} --min-length 9 --max-length 8",
        "--min-length must not be above --max-length, got 9",
    ),
    "a first length out of range": (
        f"{TRAIN} --warmup-lengths 3",
        "--warmup-lengths must lie between 8 and 64, got 3",
    ),
    "a negative seed": (f"{TRAIN} --seed -1", "--seed must be a whole number, at least 0"),
    "more than any memory holds": (f"{TRAIN} --hidden-dim 100000000000000", "--hidden-dim must be"),
    "more than any number holds": (f"{TRAIN} --memory-dim 1000000000000000000000000", "--memory-dim must be"),
    "a batch that no memory holds": (f"{TRAIN} --batch-size 1000000000000", "--batch-size must be"),
    "strings that no memory holds": (f"{TRAIN} --max-length 10000000000000", "--max-length must be"),
    "a directory that is not empty": (
        "train reversal --out other",
        "the output directory 'other' exists and is not empty",
    ),
    "a directory with a run": ("train reversal --out run", "resume the run in it, or remove it"),
    "a directory that is a file": ("train reversal --out file", "the output directory 'file' exists and is not empty"),
    "a directory below a file": ("train reversal --out file/below", "file/below"),
    "an experiment below a file": ("reproduce reversal --quick --out file", "file"),
    "resuming what is no run": ("train --resume other", f"'other' {NO_RUN}"),
    "resuming another run": (
        "train --resume run --seed 1",
        "--seed cannot be changed: leave out all but --max-steps",
    ),
    "resuming from a corrupt checkpoint": (
        "train --resume corrupt",
        "corrupt/checkpoint.safetensors' is broken",
    ),
}
RUNS = {
    "no run": ("evaluate", "see neuralstack evaluate --help"),
    "evaluating what is no run": ("evaluate other", f"'other' {NO_RUN}"),
    "evaluating what is not there": ("evaluate nowhere", f"'nowhere' {NO_RUN}"),
    "evaluating a file": ("evaluate file", f"'file' {NO_RUN}"),
    "evaluating a corrupt model": ("evaluate corrupt", "corrupt/model.safetensors' is broken or half-written"),
    "evaluating a run without a model": (
        "evaluate begun",
        "'begun' has no model yet: resume its training",
    ),
    "a run with a broken configuration": ("evaluate torn", "torn/config.json' is broken"),
    "lengths from 0": ("evaluate run --lengths 0 3", "--lengths must be two numbers in order, at least 1, got 0 and 3"),
    "lengths backwards": (
        "evaluate run --lengths 5 3",
        "--lengths must be two numbers in order, at least 1, got 5 and 3",
    ),
    "a text that begins with a dash": (
        "predict run -ab",
        "unknown option '-ab': write a text that begins with a dash after --, as in -- -ab; see",
    ),
    "half a count": ("evaluate run --count 1.5", "--count needs a whole number, got '1.5'; see"),
    "half a range of lengths": ("evaluate run --lengths 5", "--lengths needs 2 whole numbers, got '5'; see"),
    "lengths without end": ("evaluate run --lengths 1 100000000000000000000", "--lengths must be at most 1000000"),
    "an empty set": ("evaluate run --count 0", "a set needs at least 1 sequence, got --count 0"),
    "less than an empty set": ("evaluate run --count -1", "a set needs at least 1 sequence, got --count -1"),
    "a set without end": ("evaluate run --count 100000000000000000000", "got --count 1"),
    "a broken line of data": ("evaluate run --data broken.jsonl", "line 2 of 'broken.jsonl' is broken: it needs"),
    "a wrong symbol in the data": (
        "evaluate run --data symbol.jsonl",
        "line 1 of 'symbol.jsonl' is broken: symbol 130",
    ),
    "no data": ("evaluate run --data nowhere", "cannot read the data file 'nowhere'"),
    "data and lengths": (
        "evaluate run --data broken.jsonl --lengths 1 2",
        "give only one of --data, --lengths and --text",
    ),
    "nothing to answer": ("predict run", "see neuralstack predict --help"),
    "an empty text": ("predict run _", "the text is empty: give at least one character"),
    "an unknown symbol": (
        "predict run naïve",
        "unknown symbol 'ï' at character 3 of the text: this task knows the 128",
    ),
    "predicting with what is no run": ("predict other text", f"'other' {NO_RUN}"),
    "predicting with a corrupt model": ("predict corrupt text", "corrupt/model.safetensors' is broken or half-written"),
}
BAD = {**COMMANDS, **TRAININGS, **RUNS}


@pytest.fixture(scope="module")
def stocked(tmp_path_factory, new_run):
    """A directory with a run, broken ones, and other things that a user may have lying around."""
    place = tmp_path_factory.mktemp("stocked")
    for name in ("run", "corrupt", "begun", "torn"):
        shutil.copytree(new_run.path, place / name)
    for name in ("model.safetensors", "checkpoint.safetensors"):
        (place / "corrupt" / name).write_bytes(new_run.file(name).read_bytes()[:1000])
    (place / "begun" / "model.safetensors").unlink()
    (place / "torn" / "config.json").write_text('{"task": "rev')
    (place / "other").mkdir()
    (place / "other" / "letter").write_text("Dear reader")
    (place / "file").write_text("Dear reader")
    (place / "broken.jsonl").write_text('{"source": [1], "target": [1]}\n{"source": [1\n')
    (place / "symbol.jsonl").write_text('{"source": [130], "target": [1]}\n')
    return place


@pytest.mark.parametrize(("typed", "text"), BAD.values(), ids=BAD)
def test_bad_input_is_one_line_and_changes_nothing(stocked, monkeypatch, capsys, typed, text):
    monkeypatch.chdir(stocked)
    shutil.rmtree("new", ignore_errors=True)  # what an earlier failure of this test may have left
    before = contents(stocked)
    with pytest.raises(SystemExit) as stop:
        cli.main(["" if part == "_" else part for part in typed.split()])
    out, err = capsys.readouterr()
    assert stop.value.code == 2
    assert out == ""
    assert err.startswith("neuralstack: ")
    assert err.endswith("\n")
    assert err.count("\n") == 1
    assert text in err
    assert contents(stocked) == before


@pytest.mark.parametrize("name", ["an unknown option", "resuming from a corrupt checkpoint", "an empty text"])
@pytest.mark.slow
def test_bad_input_to_the_real_command_is_one_line_too(stocked, name):
    typed, text = BAD[name]
    before = contents(stocked)
    arguments = ["" if part == "_" else part for part in typed.split()]
    done = subprocess.run(command(*arguments), cwd=stocked, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("neuralstack: ")
    assert done.stderr.count("\n") == 1
    assert text in done.stderr
    assert contents(stocked) == before


@pytest.mark.slow
def test_what_is_refused_above_is_accepted_when_it_is_right(stocked, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(stocked / "run", "run")
    with pytest.raises(SystemExit) as stop:
        cli.main(["train", "--resume", "run", "--max-steps", "2"])
    assert stop.value.code == 0
    assert Run(tmp_path / "run").load_checkpoint().step == 2
