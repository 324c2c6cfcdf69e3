"""The commands that look at runs: trace and compare."""

import json
import re
import shutil

import pytest
from matplotlib.image import imread

from neuralstack import StackTransducer
from small import contents

pytest_plugins = ("small_runs",)


@pytest.fixture
def run(learned, tmp_path):
    """A writable copy of the run that learned."""
    return shutil.copytree(learned, tmp_path / "run")


def test_trace_writes_a_page_or_data(call, run, tmp_path):
    assert call("trace", run, "stack") == (0, f"1 trace: {run / 'trace.html'}\n", "")
    assert (run / "trace.html").read_text().startswith("<!doctype html>")
    assert call("trace", run, "stack", "--out", tmp_path / "trace.json")[0] == 0
    (found,) = json.loads((tmp_path / "trace.json").read_text())
    assert (found["name"], found["task"], found["answer"]) == (str(run), "reversal", "kcats")


@pytest.mark.slow
def test_trace_shows_several_versions_and_writes_pictures(call, run, tmp_path):
    status, out, err = call("trace", run, "stack", "a b", "--versions", "untrained", "soft", "hard")
    assert (status, out, err) == (0, f"6 traces: {run / 'trace.html'}\n", "")
    for name in ("trace.png", "deep/trace.pdf"):
        status, out, _ = call("trace", run, "stack", "--out", tmp_path / name)
        assert (status, out) == (0, f"1 trace: {tmp_path / name}\n")
        assert (tmp_path / name).stat().st_size > 1000


def test_runs_are_traced_beside_each_other(call, run, learned, tmp_path):
    status, *_ = call("trace", run, "ab", "--beside", learned, "--out", tmp_path / "both.json")
    assert status == 0
    assert [found["name"] for found in json.loads((tmp_path / "both.json").read_text())] == [str(run), str(learned)]


def test_an_edit_is_described_and_traced_beside_the_run_without_it(call, run, tmp_path):
    out = tmp_path / "edited.json"
    status, said, err = call("trace", run, "abc", "--edit", "3:push=0", "6:memory=xyz", "--out", out)
    assert (status, err) == (0, "")
    lines = said.splitlines()
    assert lines[0] == f"{run}, edited, given 'abc'"
    assert re.fullmatch(r"  step 3, action: push (1|0\.99\d*) → 0", lines[1])
    assert lines[2:] == [
        "  step 6, memory: as at step 6 of 'xyz'",
        "  answers 'cyx', without the edits 'cba'",
        f"2 traces: {out}",
    ]
    plain, edited = json.loads(out.read_text())
    assert (plain["name"], edited["name"]) == (str(run), f"{run}, edited")
    assert plain["answer"] == edited["unedited"]["answer"] == "cba"
    assert [edit["step"] for edit in edited["edits"]] == [2, 5]


BAD_EDITS = {
    "no edit": ("push=0", "--edit takes STEP:PART=VALUE, with steps from 1, such as 4:push=0, got"),
    "step 0": ("0:push=0", "--edit takes STEP:PART=VALUE, with steps from 1"),
    "no number": ("2:push=much", "--edit sets a part of an action to a number or a list such as [0,0,1], got '2:push="),
    "an unknown part": ("2:pusj=0", "at step 2, edit[1].action has no part 'pusj': it has push, pop, value."),
    "a step beyond the last": ("90:push=0", "edit[89] is beyond the last step: the machine takes 8 steps on this text"),
}


@pytest.mark.parametrize(("edit", "message"), BAD_EDITS.values(), ids=BAD_EDITS)
def test_an_edit_that_cannot_be_made_is_one_line_and_writes_nothing(call, run, edit, message):
    before = contents(run)
    status, out, err = call("trace", run, "abc", "--edit", edit)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert contents(run) == before


def test_a_part_is_set_once_for_each_step(call, run):
    status, _, err = call("trace", run, "abc", "--edit", "2:push=0", "2:push=1")
    assert (status, err) == (2, "neuralstack: --edit sets a part of a step once, but '2:push=1' sets it again.\n")


@pytest.mark.slow
def test_a_hardened_trace_names_the_states_of_the_program_that_harden_wrote(call, hardened, tmp_path):
    assert call("trace", hardened, "ab", "--versions", "hard", "--out", tmp_path / "hard.json")[0] == 0
    (found,) = json.loads((tmp_path / "hard.json").read_text())
    assert {step["state"] for step in found["steps"]} <= set(StackTransducer.load(hardened / "program.json").states)


BAD = {
    "another form": (("ab", "--out", "trace.gif"), "--out must end in .html, .png, .pdf, .json, got 'trace.gif'."),
    "no text": ((), "give at least one text to trace"),
    "two texts in a picture": (("ab", "b", "--out", "trace.png"), "a picture shows one machine and one text"),
    "an unknown symbol": (("é",), "unknown symbol 'é' at character 1"),
    "a text that is too long": (("a" * 3000,), "a trace shows at most 4096 steps, but this text takes 6002"),
}


@pytest.mark.parametrize(("arguments", "message"), BAD.values(), ids=BAD)
def test_what_cannot_be_traced_is_one_line_and_writes_nothing(call, run, arguments, message, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    before = contents(tmp_path)
    status, out, err = call("trace", run, *arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert contents(tmp_path) == before


def test_a_file_is_replaced_when_asked_only(call, run, tmp_path):
    out = tmp_path / "mine.json"
    out.write_text("mine")
    status, _, err = call("trace", run, "ab", "--out", out)
    assert status == 2
    assert err == f"neuralstack: {str(out)!r} exists: give another --out, or --overwrite.\n"
    assert out.read_text() == "mine"
    assert call("trace", run, "ab", "--out", out, "--overwrite")[0] == 0
    assert out.read_text() != "mine"


@pytest.mark.slow
def test_compare_measures_and_draws_runs_side_by_side(call, run, learned):
    status, out, err = call("compare", run, learned, "--harden", "--lengths", 2, 12, "--count", 30)
    assert (status, err) == (0, "")
    rows = [line.split() for line in out.splitlines()]
    assert rows[0] == ["2", "runs", "on", "lengths", "2-12"]
    assert ["run", "batches", "coarse", "fine", "token"] in rows
    assert sum("hardened" in row for row in rows) == 2
    for name in ("lengths", "curves"):
        assert imread(run / "figures" / "compared" / f"{name}.png").std() > 0.02


@pytest.mark.slow
def test_compare_prints_json(call, run, tmp_path):
    status, out, _ = call("compare", run, "--json", "--lengths", 2, 4, "--count", 5, "--out", tmp_path / "figures")
    assert status == 0
    found = json.loads(out)
    assert list(found) == [str(run)]
    assert found[str(run)].keys() == {"coarse", "fine", "token", "loss", "by_length"}


def test_compare_needs_runs_and_each_only_once(call, run):
    for arguments in ((), (run, run)):
        status, _, err = call("compare", *arguments)
        assert (status, err) == (2, "neuralstack: give at least one run to compare, and each only once.\n")
