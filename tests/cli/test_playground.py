"""`neuralstack playground`: which programs are in the page, and where it is written."""

import json
import re
import shutil

import pytest

from neuralstack import export
from neuralstack.reporting import playground
from programs import PROGRAMS

pytest_plugins = ("small_runs",)


@pytest.fixture
def run(new_run, tmp_path):
    """A copy of a run, with the program of a hardening."""
    run = shutil.copytree(new_run.path, tmp_path / "run")
    (run / "program.json").write_text(PROGRAMS["reversal"].to_json())
    return run


def programs_in(page):
    (data,) = re.findall(r'<script type="application/json" id="programs">(.*?)</script>', page.read_text())
    return {one["name"]: one["content"] for one in json.loads(data)}


def test_runs_are_named_by_their_tasks_and_files_by_their_paths(call, run, tmp_path):
    page, file = tmp_path / "pages" / "page.html", tmp_path / "halves.json"
    file.write_text(PROGRAMS["halves"].to_json())
    assert call("playground", run, file, "--out", page) == (0, f"2 programs: {page}\n", "")
    assert page.read_text() == playground({"reversal": PROGRAMS["reversal"], str(file): PROGRAMS["halves"]})
    other = shutil.copytree(run, tmp_path / "other")
    (other / "program.json").write_text(PROGRAMS["copy"].to_json())
    assert call("playground", run, other, "--out", page, "--overwrite")[0] == 0
    expected = {f"reversal, {run}": PROGRAMS["reversal"], f"reversal, {other}": PROGRAMS["copy"]}
    assert programs_in(page) == {name: json.loads(export(program, "json")) for name, program in expected.items()}


def test_the_page_is_playground_html_unless_another_is_named(call, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert call("playground", run) == (0, "1 program: playground.html\n", "")
    (tmp_path / "playground.html").write_text("mine")
    line = "neuralstack: 'playground.html' exists: give another --out, or --overwrite.\n"
    assert call("playground", run) == (2, "", line)
    assert (tmp_path / "playground.html").read_text() == "mine"


def test_what_has_no_program_is_refused_in_one_line(call, run, tmp_path):
    (run / "program.json").unlink()
    line = f"neuralstack: {str(run)!r} has no program yet: run `neuralstack harden {run}`.\n"
    assert call("playground", run, "--out", tmp_path / "page.html") == (2, "", line)
    for path, reason in ((run / "config.json", "is not a program"), (tmp_path / "none", "is not a run")):
        status, out, err = call("playground", path, "--out", tmp_path / "page.html")
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert reason in err
    assert call("playground")[2].startswith("neuralstack: ")
    assert not (tmp_path / "page.html").exists()
