"""Runs whose files are named relative to where they were trained: they are found from elsewhere, and when moved."""

import json
import shutil

import pytest

from cases import quick
from neuralstack.cli import main
from neuralstack.training import configure
from small import untrained_run

SIZES = "--hidden-dim 4 --memory-dim 4 --batch-size 2 --max-steps 1 --evaluate-every 1"
MEMORY = "from neuralstack import NeuralStack\n\n\nclass Own(NeuralStack):\n    pass\n"
PAIRS = "".join(json.dumps({"source": f"{number:b}", "target": f"{number:b}"[::-1]}) + "\n" for number in range(1, 32))
TEXT = "a cat and a rat. " * 30
KINDS = {
    "pairs": ("pairs.jsonl", PAIRS, "train pairs --data data/pairs.jsonl"),
    "text": ("text.txt", TEXT, "train characters --text data/text.txt --max-length 8"),
}
REFUSED = {
    "pairs.jsonl": (
        PAIRS[: len(PAIRS) // 2].rpartition("\n")[0],
        "has changed since its training",
        "cannot read the file",
    ),
    "text.txt": (TEXT * 2, "is not that of the training, or was changed", "give its new path as --text"),
}


def typed(capsys, line):
    """Type a command; return its status and what it printed."""
    with pytest.raises(SystemExit) as stop:
        main(line.split())
    return stop.value.code, *capsys.readouterr()


@pytest.fixture(scope="module", params=quick(KINDS, "pairs"))
def trained(request, tmp_path_factory):
    """A directory with data and a run, and a line that trains another."""
    base = tmp_path_factory.mktemp(request.param) / "base"
    file, content, line = KINDS[request.param]
    (base / "data").mkdir(parents=True)
    (base / "data" / file).write_text(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(base)
        with pytest.raises(SystemExit) as stop:
            main(f"{line} --out runs/one {SIZES}".split())
    assert stop.value.code == 0
    return base, file


@pytest.fixture
def base(trained, tmp_path):
    """A copy of that directory; the first one is not there meanwhile."""
    first, _ = trained
    hidden = first.rename(first.with_name("hidden"))
    yield shutil.copytree(hidden, tmp_path / "moved")
    hidden.rename(first)


def test_data_are_found_from_another_directory(trained, monkeypatch, tmp_path, capsys):
    base, _ = trained
    monkeypatch.chdir(tmp_path)
    status, out, err = typed(capsys, f"evaluate {base}/runs/one --json")
    assert (status, err) == (0, "")
    monkeypatch.chdir(base)
    assert typed(capsys, "evaluate runs/one --json")[1] == out


def test_data_that_were_moved_with_their_run_are_found(base, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    assert typed(capsys, "evaluate moved/runs/one --json")[::2] == (0, "")
    status, out, err = typed(capsys, "train --resume moved/runs/one --max-steps 2")
    assert (status, err) == (0, "")
    assert "all 2 steps were taken" in out
    assert typed(capsys, f"train --from moved/runs/one --out {tmp_path}/two {SIZES}")[::2] == (0, "")
    assert typed(capsys, "evaluate two --json")[::2] == (0, "")


def test_another_file_of_the_same_name_is_passed_over(base, trained, monkeypatch, tmp_path, capsys):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / trained[1]).write_text("something else")
    monkeypatch.chdir(tmp_path)
    assert typed(capsys, "evaluate moved/runs/one --json")[::2] == (0, "")


def test_data_that_are_gone_or_were_changed_are_refused_in_a_sentence(base, trained, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    file = base / "data" / trained[1]
    edited, *messages = REFUSED[trained[1]]
    file.write_text(edited)
    for message in messages:
        status, out, err = typed(capsys, "evaluate moved/runs/one")
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert message in err
        assert f"data/{trained[1]}'" in err
        file.unlink(missing_ok=True)


@pytest.mark.parametrize("broken", ["[]", "{", '{"data/pairs.jsonl": [1]}', '{"data/text.txt": 1}'])
def test_a_broken_record_of_places_is_refused_or_not_needed(base, broken, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(base)
    (base / "runs" / "one" / "files.json").write_text(broken)
    status, _, err = typed(capsys, "evaluate runs/one --json")
    assert status == 0 or ("files.json' is broken (" in err and err.count("\n") == 1)
    (base / "runs" / "one" / "files.json").unlink()
    assert typed(capsys, "evaluate runs/one --json")[0] == 0


def test_a_part_of_ones_own_is_asked_for_by_a_path_that_is_there(monkeypatch, tmp_path, capsys):
    home, away = tmp_path / "home", tmp_path / "away"
    home.mkdir()
    away.mkdir()
    (home / "parts.py").write_text(MEMORY)
    monkeypatch.chdir(home)
    sizes = {"hidden_dim": 4, "memory_dim": 4, "min_length": 1, "max_length": 4}
    untrained_run("run", configure("reversal", memory="parts.py:Own", **sizes))
    assert "add --memory parts.py:Own to allow" in typed(capsys, "evaluate run")[2]
    monkeypatch.chdir(away)
    line = f"evaluate {home}/run --count 2 --lengths 1 2"
    assert f"add --memory {home}/parts.py:Own to allow" in typed(capsys, line)[2]
    assert typed(capsys, f"{line} --memory {home}/parts.py:Own")[0] == 0
