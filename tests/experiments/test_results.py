"""The tables of the committed results, ours beside the published numbers."""

import json
import shlex
from pathlib import Path

import pytest

from cases import quick
from neuralstack import complete, success_interval
from neuralstack.cli import parse
from neuralstack.experiments import EXPERIMENTS, settings_table
from neuralstack.tasks import FAMILIES, TASKS

RESULTS = Path(__file__).parents[2] / "docs" / "results"
COMMITTED = [name for name in EXPERIMENTS if (RESULTS / f"{name}.json").is_file()]


def committed(name):
    return json.loads((RESULTS / f"{name}.json").read_text())


def experiment_of(name):
    """The experiment that the command of its committed result runs."""
    _, *arguments = shlex.split(committed(name)["command"])
    return parse(arguments).experiment()


@pytest.mark.parametrize("name", COMMITTED)
def test_a_committed_result_is_of_the_whole_experiment(name):
    result, experiment = committed(name), experiment_of(name)
    assert result["command"] == experiment.command(quick=False)
    assert experiment.chosen.keys() <= {"tasks", "machines", "seeds"}
    kept = {key: (one["label"], one["group"], len(one["runs"])) for key, one in result["variants"].items()}
    assert kept == {one.name: (one.label, one.group, one.seeds) for one in experiment.variants}
    for key, one in result["variants"].items():
        assert [(run["variant"], run["seed"]) for run in one["runs"]] == [(key, n) for n in range(one["seeds"])]


@pytest.mark.parametrize("name", COMMITTED)
def test_the_tables_of_a_committed_result_are_shown_on_the_terminal_and_in_the_docs(name):
    for table in EXPERIMENTS[name].tables(committed(name)):
        assert max(map(len, table.text(80).splitlines())) <= 80
        assert table.markdown().startswith(f"### {table.title}\n\n| ")


@pytest.mark.parametrize("name", quick(COMMITTED, "reversal", "counting"))
def test_a_committed_result_was_made_with_the_settings_of_today(name):
    variants = committed(name)["variants"]
    for one in experiment_of(name).variants:
        settings, config = variants[one.name]["settings"], complete(one.config)
        assert settings["connection"] == config.machine.connection
        assert settings["learning rate"] == config.optimizer.learning_rate


def rows_by_source(table):
    return {(row[0], row[1]): row[2:] for row in table.rows}


def test_the_last_number_of_flamant_is_a_token_accuracy():
    accuracies, solved, _ = EXPERIMENTS["reversal"].tables(committed("reversal"))
    assert list(accuracies.columns[2:]) == ["8-64\ncoarse", "fine", "65-128\ncoarse", "fine", "token"]
    rows = rows_by_source(accuracies)
    assert rows["RNN", "Flamant (2019)"] == ("0.741", "", "0.000", "", "0.383")
    assert rows["LSTM", "Flamant (2019)"] == ("0.505", "", "0.000", "", "0.236")
    assert rows["LSTM + stack", "Flamant (2019)"] == ("1.000", "", "1.000", "", "")
    assert rows["LSTM", "Grefenstette (2015)"] == ("0.780", "0.870", "0.010", "0.090", "")
    assert rows_by_source(solved)["GRU + stack", "this run"][0] == "99 of 100"
    assert rows_by_source(solved)["LSTM + stack", "Flamant (2019)"][0] == "3 of 6"


def test_every_cell_of_the_transductions_stands_beside_its_published_one():
    tables = EXPERIMENTS["transductions"].tables(committed("transductions"))
    assert [len(table.rows) for table in tables] == [7] * 5
    rows = {(table.title.partition(":")[0], row[0]): row[3:5] for table in tables for row in table.rows}
    assert rows["copy", "queue"] == ("1.00/1.00", "1.00/1.00")
    assert rows["reversal", "queue"] == ("0.44/0.61", "0.00/0.07")
    assert rows["bigram flip", "LSTM, 8 layers"] == ("0.52/0.93", "0.01/0.53")
    assert rows["gender", "stack"] == ("0.93/0.97", "0.93/0.97")


def test_the_shares_of_counting_stand_beside_the_published_ones():
    (table,) = EXPERIMENTS["counting"].tables(committed("counting"))
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["LSTM, published"] == ("100.0", "100.0", "68.3", "75.0", "100.0")
    assert rows["stack RNN, published"] == ("100.0", "100.0", "100.0", "100.0", "43.3")


def test_settings_are_shown_where_the_machines_differ_in_them():
    table = settings_table(committed("reversal"))
    assert table.columns[1:3] == ("connection", "learning rate")
    assert table.rows[0] == ("GRU + stack", "layer", "0.01", "8, 16, 32", "0.02", "150", "3000")
    assert settings_table(committed("hardening")) is None


def run_with(seed, train, test, steps=100, seconds=10.0, restarts=0):
    """A handmade result of one seed; accuracies are coarse and fine."""
    reports = {
        name: {"coarse": coarse, "fine": fine, "token": 1.0, "loss": 0.5}
        for name, (coarse, fine) in (("train", train), ("test", test))
    }
    return {"seed": seed, "steps": steps, "restarts": restarts, "seconds": seconds, **reports}


RUNS = [
    run_with(0, (0.5, 0.75), (0.0, 0.25), steps=300, seconds=30.0, restarts=2),
    run_with(1, (1.0, 1.0), (1.0, 1.0), steps=100, seconds=10.0),
    run_with(2, (1.0, 0.9), (0.999, 0.9999), steps=200, seconds=25.0, restarts=1),
    run_with(3, (0.25, 0.5), (0.0, 0.125), steps=150, seconds=15.0),
    run_with(4, (0.25, 0.5), (1.0, 1.0), steps=120, seconds=12.0),
]


solved_seeds = EXPERIMENTS["reversal"].summarize


def test_seeds_are_solved_when_they_answer_every_test_sequence():
    summary = solved_seeds(RUNS)
    assert (summary["solved"], summary["restarted"]) == (2, 2)
    assert summary["interval"] == list(success_interval(2, 5))
    assert (summary["median_steps"], summary["most_steps"]) == (150, 300)
    assert (summary["median_seconds"], summary["most_seconds"]) == (15.0, 30.0)


def test_the_best_seed_is_chosen_without_looking_at_the_test_set():
    assert solved_seeds(RUNS)["best"] == {"seed": 1, "train": RUNS[1]["train"], "test": RUNS[1]["test"]}
    assert solved_seeds([RUNS[3], RUNS[0], RUNS[4]])["best"]["seed"] == 0
    surer = {**RUNS[1], "seed": 5, "train": {**RUNS[1]["train"], "loss": 0.25}, "test": RUNS[0]["test"]}
    assert solved_seeds([RUNS[1], surer])["best"]["seed"] == 5


def cell(task, machine, *runs):
    """Handmade results of a machine on a task: score, whole answers, hardened at 500 and 5000, steps, seconds."""
    names = ("score", "whole", "hard_500", "hard_5000", "steps", "seconds")
    return {
        "label": {"superposition": "Stack-RNN", "lstm": "LSTM"}.get(machine, machine),
        "group": task,
        "seeds": len(runs),
        "runs": [
            {
                **dict(zip(names, run, strict=True)), "seed": seed, "restarts": seed, "by_length": {"41": run[0] / 100},
                "solved_seconds": run[5] if run[1] == 1 else None,
            }
            for seed, run in enumerate(runs)
        ],
    }  # fmt: skip


EXACT = 100.0, 1.0, 1.0, 1.0, 1500, 12.0
NEARLY = 99.98, 0.99, 0.96, 0.5, 3000, 40.0
FAILED = 50.0, 0.0, 0.0, 0.0, 10_000, 3548.0
CHOMSKY = {
    "parity/ours": cell("parity", "ours", EXACT, EXACT, NEARLY),
    "parity/superposition": cell("parity", "superposition", (50.0, 0.0, 0.0, 0.0, 24, 0.0)),
    "bucket-sort/ours": cell("bucket-sort", "ours", FAILED),
    "bucket-sort/superposition": cell("bucket-sort", "superposition", (50.0, 0.0, 0.0, 0.0, 24, 0.0)),
    "bucket-sort/lstm": cell("bucket-sort", "lstm", (20.0, 0.0, None, None, 24, 0.0)),
}


def test_the_benchmark_shows_the_seeds_of_our_machines_beside_the_best_published_scores():
    scores, _, _, seeds, hours = EXPERIMENTS["chomsky"].tables({"variants": CHOMSKY})
    assert scores.rows == [("parity", "99.9 (99.9-100)", "100.0"), ("bucket-sort", "50.0 (50.0-50.0)", "~99.3")]
    assert seeds.title.startswith("ours: ")
    assert seeds.rows == [
        ("parity", "3 of 3", "2", "2 / 98", "2 / 83", "12", "1500", "3"),
        ("bucket-sort", "0 of 1", "0", "0 / 0", "0 / 0", "3548", "10000", "0"),
    ]
    assert hours.rows == [("ours", 4, "1.00"), ("Stack-RNN", 2, "0.00"), ("LSTM", 1, "0.00"), ("all", 7, "1.00")]


def test_the_benchmark_marks_published_scores_that_are_quoted_from_memory_and_names_later_results():
    _, networks, others, *_ = EXPERIMENTS["chomsky"].tables({"variants": CHOMSKY})
    assert "~: quoted from memory" in networks.title
    assert networks.columns[:4] == ("task", "RNN\npubl.", "Stack-\nRNN\nhere", "\npubl.")
    assert [row[:4] for row in networks.rows] == [
        ("parity", "100.0", "50.0", "100.0"),
        ("bucket-sort", "~27.9", "50.0", "~78.1"),
    ]
    assert others.columns[2:] == ("StackTrans\n(NeurIPS 2025)", "Grazzi et al.\n(ICLR 2025)")
    assert others.rows == [("parity", "52.0", "", "100"), ("bucket-sort", "~91.9", "89", "")]


def test_the_share_of_solved_seeds_is_drawn_against_time(tmp_path):
    for draw in EXPERIMENTS["chomsky"].figures:
        draw({"variants": CHOMSKY}, tmp_path)
    assert (tmp_path / "survival.png").stat().st_size > 5000


def test_all_fifteen_tasks_of_the_benchmark_are_trained():
    names = {name for family in ("regular", "context-free", "context-sensitive") for name in FAMILIES[family]}
    assert {one.group for one in EXPERIMENTS["chomsky"].variants} == names <= TASKS.keys()
