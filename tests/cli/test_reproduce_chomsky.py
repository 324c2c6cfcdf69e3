"""`neuralstack reproduce chomsky`: its choices, and its lines of JSON, in directories where seeds have been trained."""

import json
import shlex

import pytest

from neuralstack.experiments import EXPERIMENTS
from neuralstack.training import Run, configure
from small import contents

pytest_plugins = ("small_runs",)

FIELDS = (
    "task", "machine", "seed", "score", "whole", "hard_score", "hard_500", "hard_5000", "steps", "seconds", "restarts",
)  # fmt: skip
MEASURED = {
    "status": "done", "steps": 7, "restarts": 2, "seconds": 1.5, "wall_seconds": 2.0, "score": 75.0, "whole": 0.5,
    "hard_score": 0.25, "hard_500": 0.125, "hard_5000": None, "by_length": {"41": 0.75}, "solved_steps": None,
    "solved_seconds": None,
}  # fmt: skip
CHOSEN = "--tasks parity even-pairs --machines ours --seeds 2 --first-seed 5000"


@pytest.fixture
def reproduce(call, monkeypatch, tmp_path):
    """Run the command in a directory of its own."""
    monkeypatch.chdir(tmp_path)
    return lambda typed: call("reproduce", "chomsky", *shlex.split(typed))


def train_by_hand(path, **chosen):
    """Make the runs of the chosen seeds, with their results."""
    for variant in EXPERIMENTS["chomsky"].choose(**chosen).variants:
        for seed in variant.all_seeds:
            run = Run.create(path / variant.name / str(seed), variant.config_of_seed(seed))
            run.write("result.json", json.dumps({"variant": variant.name, "seed": seed, **MEASURED}))


@pytest.fixture
def chosen(tmp_path):
    """A directory with the results of two tasks and two seeds."""
    path = tmp_path / "own runs"
    train_by_hand(path, tasks=("parity", "even-pairs"), machines=("ours",), seeds=2, first_seed=5000)
    return path


def test_json_is_one_line_for_each_machine_and_the_rest_is_on_standard_error(reproduce, chosen):
    status, out, err = reproduce(f"{CHOSEN} --json --out '{chosen}'")
    rows = [json.loads(line) for line in out.splitlines()]
    assert (status, [tuple(row) for row in rows]) == (0, [FIELDS] * 4)
    assert [(row["task"], row["machine"], row["seed"]) for row in rows] == [
        ("parity", "ours", 5000), ("parity", "ours", 5001), ("even-pairs", "ours", 5000), ("even-pairs", "ours", 5001),
    ]  # fmt: skip
    assert rows[0].items() >= {"score": 75.0, "hard_500": 0.125, "hard_5000": None, "restarts": 2}.items()
    assert err.startswith("parity/ours, seed 500")
    assert "; 4 of 4 done\n" in err


def test_what_is_trained_is_only_read_and_the_tables_are_printed(reproduce, chosen):
    before = contents(chosen / "parity")
    status, out, err = reproduce(f"{CHOSEN} --out '{chosen}'")
    assert (status, err) == (0, "")
    assert contents(chosen / "parity") == before
    assert out.count(": read, 7 batches, 2 s, score 75.0; ") == 4
    assert "  parity      75.0 (75.0-75.0)  100.0\n" in out
    result = json.loads((chosen / "result.json").read_text())
    assert result["command"] == f"neuralstack reproduce chomsky {CHOSEN}"
    assert {name: [run["seed"] for run in one["runs"]] for name, one in result["variants"].items()} == {
        "parity/ours": [5000, 5001],
        "even-pairs/ours": [5000, 5001],
    }


def test_an_interrupt_says_how_to_continue_with_every_option(call_until_output, chosen):
    steps = str(configure("parity").max_steps)  # so that the option changes nothing
    options = [*CHOSEN.split(), "--max-steps", steps, "--out", str(chosen)]
    status, _, err = call_until_output("reproduce", "chomsky", *options)
    assert status == 130
    assert err.endswith(
        f"kept: neuralstack reproduce chomsky {CHOSEN} --max-steps {steps} --out '{chosen}' continues\n"
    )


BAD = {
    "a task": ("--tasks party", "unknown task of the experiment chomsky 'party': did you mean 'parity'?"),
    "a task of another family": ("--tasks reversal", "unknown task of the experiment chomsky 'reversal': choose from "),
    "a machine": ("--machines our", "unknown machine of the experiment chomsky 'our': did you mean 'ours'?"),
    "a task twice": ("--tasks parity parity", "--tasks must be at least one, and each only once, got parity, parity"),
    "no seeds": ("--seeds 0", "--seeds must be at least 1, got 0"),
    "no steps": ("--max-steps 0", "--max-steps must be at least 1, got 0"),
    "a negative seed": ("--first-seed=-1", "--first-seed must be from 0 to 2147483638, got -1"),
    "a word": ("--seeds many", "--seeds needs a whole number, got 'many'"),
}


@pytest.mark.parametrize(("typed", "message"), BAD.values(), ids=BAD)
def test_what_cannot_be_chosen_is_one_line(reproduce, tmp_path, typed, message):
    status, out, err = reproduce(typed)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"neuralstack: {message}")
    assert list(tmp_path.iterdir()) == []


OF_BOTH, OF_CHOMSKY = ("--tasks parity", "--seeds 2", "--first-seed 1"), ("--machines ours", "--max-steps 9", "--json")


@pytest.mark.parametrize(
    ("experiment", "option", "owners"),
    [
        *[("reversal", option, "chomsky, zoo") for option in OF_BOTH],
        *[(name, option, "chomsky") for name in ("reversal", "zoo") for option in OF_CHOMSKY],
    ],
)
def test_other_experiments_offer_no_such_choice(call, experiment, option, owners):
    status, out, err = call("reproduce", experiment, *option.split())
    name = option.split()[0]
    assert (status, out) == (2, "")
    assert err == f"neuralstack: {name} belongs to the experiment {owners}, got the experiment {experiment}.\n"


@pytest.mark.slow
def test_machines_are_trained_and_measured_soft_and_hardened(reproduce):
    status, out, _ = reproduce("--quick --tasks parity --machines ours universal rnn --max-steps 2 --json --out runs")
    rows = {row["machine"]: row for row in map(json.loads, out.splitlines())}
    assert (status, list(rows)) == (0, ["ours", "universal", "rnn"])
    for row in rows.values():
        assert (row["steps"], row["restarts"]) == (2, 0)
        assert 0 <= row["whole"] <= row["score"] / 100 <= 1
    hard = ("hard_score", "hard_500", "hard_5000")
    assert [rows["rnn"][name] for name in hard] == [None] * 3
    assert all(0 <= rows["universal"][name] <= 1 for name in hard)
