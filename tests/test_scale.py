"""The model of the time of many trainings, and the results that it is computed from."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_committed_model_is_that_of_the_committed_measurements(tmp_path):
    script = [sys.executable, ROOT / "benchmarks" / "scale.py", "--out", tmp_path]
    printed = subprocess.run(script, stdout=subprocess.PIPE, text=True, check=True).stdout
    computed, committed = (
        json.loads((folder / "scale.json").read_text())["tables"] for folder in (tmp_path, ROOT / "docs" / "results")
    )
    assert computed == committed
    assert all(table["title"] in printed for table in committed)
    assert (tmp_path / "scale.png").stat().st_size > 10_000


def test_the_model_never_beats_its_bounds_and_reaches_that_of_the_longest_training():
    chomsky = json.loads((ROOT / "docs" / "results" / "chomsky.json").read_text())
    seconds = [run["wall_seconds"] for variant in chomsky["variants"].values() for run in variant["runs"]]
    table = json.loads((ROOT / "docs" / "results" / "scale.json").read_text())["tables"][0]
    shares = [int(row[3].rstrip("%")) for row in table["rows"]]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == 100
    minutes = round(sum(seconds) / 60)
    assert table["rows"][0][2] == f"{minutes // 60}:{minutes % 60:02d} h"
    assert table["rows"][-1][2] == f"{round(max(seconds) / 60)} min"
