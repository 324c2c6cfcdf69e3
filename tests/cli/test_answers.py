"""`neuralstack evaluate`, `predict` and `list`: what they print."""

import json
import re
import shutil
import subprocess
import threading

import equinox as eqx

from neuralstack import CONNECTIONS, CONTROLLERS, MEMORIES, NETWORKS, Reversal, evaluate, fixed_set, kernels, load, zoo
from neuralstack.experiments import EXPERIMENTS
from neuralstack.tasks import FAMILIES
from neuralstack.training import Run
from small import command, json_lines

pytest_plugins = ("small_runs",)


def test_the_package_is_a_command():
    done = subprocess.run(command("list"), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "reversal" in done.stdout


def test_ctrl_c_outside_of_training_is_one_line(call_until_output):
    status, _, err = call_until_output("list")
    assert status == 130
    assert err.startswith("neuralstack: interrupted")
    assert err.count("\n") == 1
    # Whoever called the command from Python goes on: nothing is left that would end the process later.
    assert all(timer.finished.is_set() for timer in threading.enumerate() if isinstance(timer, threading.Timer))


def test_evaluate_prints_one_json_object(call, learned):
    status, out, err = call("evaluate", learned, "--json", "--lengths", 2, 8)
    assert (status, err, out.count("\n")) == (0, "", 1)
    found = json.loads(out)
    report = evaluate(load(learned), fixed_set(Reversal(8), (2, 8)))
    assert {"coarse", "fine", "token", "by_length"} <= found.keys()
    assert found == json.loads(json.dumps(report._asdict()))
    assert found["by_length"].keys() == {str(length) for length in range(2, 9)}


def test_evaluate_prints_a_table_by_length(call, learned):
    status, out, err = call("evaluate", learned, "--lengths", 2, 8)
    assert (status, err) == (0, "")
    rows = [line.split() for line in out.splitlines() if line.strip()]
    assert str(learned)[:20] in out
    assert ["length", "sequences", "coarse", "fine", "token"] in rows
    assert ["all", "1000", "1.000", "1.000", "1.000"] in rows
    assert sum(int(row[1]) for row in rows if row[0].isdecimal()) == 1000


def test_evaluate_draws_as_many_sequences_of_the_published_test_lengths_as_it_is_told(call, learned):
    lengths = json.loads(call("evaluate", learned, "--json", "--count", 40)[1])["by_length"]
    assert sum(one["sequences"] for one in lengths.values()) == 40
    assert all(65 <= int(length) <= 128 for length in lengths)
    assert min(map(int, lengths)) < 80 < 110 < max(map(int, lengths))


def test_evaluate_reads_given_sequences(call, learned, tmp_path):
    file = tmp_path / "data.jsonl"
    file.write_text(json_lines([([1, 2, 3], [3, 2, 1]), ([4, 5], [4, 5])]))
    status, out, _ = call("evaluate", learned, "--json", "--data", file)
    assert status == 0
    found = json.loads(out)
    assert found["coarse"] == 0.5
    assert {length: one["coarse"] for length, one in found["by_length"].items()} == {"2": 0, "3": 1}


def test_predict_answers_what_is_typed(call, learned):
    assert call("predict", learned, "stack") == (0, "kcats\n", "")


def test_predict_takes_a_text_that_begins_with_a_dash(call, learned):
    assert call("predict", learned, "--", "-ab") == (0, "ba-\n", "")


def test_predict_checks_a_right_answer(call, learned):
    assert call("predict", learned, "stack", "--check") == (0, "kcats\n", "right\n")


def test_predict_checks_a_wrong_answer(call, tmp_path, new_run):
    status, out, err = call("predict", new_run.path, "stack", "--check")
    assert status == 1
    assert out.strip() != "kcats"
    assert err.splitlines()[-1] == "wrong: the answer is 'kcats'"


def test_predict_says_when_an_answer_was_cut_off(call, tmp_path, learned):
    run = Run(shutil.copytree(learned, tmp_path / "run"))
    machine = run.load_model()
    run.save_model(eqx.tree_at(lambda machine: machine.output_bias, machine, machine.output_bias.at[130].set(-1e9)))
    status, out, err = call("predict", run.path, "ab")
    assert status == 0
    assert len(out.strip("\n")) >= 12
    assert err == "neuralstack: the machine did not end its answer; it was cut off\n"
    assert call("predict", run.path, "ab", "--check")[0] == 1


def test_list_shows_one_family(call):
    status, out, err = call("list", "zoo")
    assert (status, err, out.split()[0]) == (0, "", "zoo")
    (row,) = [line.split() for line in out.splitlines() if line.startswith("  dyck-2 ")]
    assert row[-3:] == ["proved", "1", "43"]
    assert call("list", "zo")[2].startswith("neuralstack: unknown family 'zo': did you mean 'zoo'? choose from ")


def test_list_names_everything_there_is(call):
    status, out, err = call("list")
    assert (status, err) == (0, "")
    families = {
        **{f"{family} tasks": tasks for family, tasks in FAMILIES.items()},
        "memories": MEMORIES,
        "controllers": {**CONTROLLERS, **NETWORKS},
        "connections": CONNECTIONS,
        "experiments": EXPERIMENTS,
        "kernels": kernels.MEMORIES,
        "zoo": zoo.list(),
    }
    listed, names = {}, []
    for line in out.splitlines():
        if line.strip() in families:
            names = listed.setdefault(line.strip(), [])
        elif re.match(r"  [^\s-]", line) and "what it is" not in line:
            names.append(line.split()[0])
    assert {family: set(names) for family, names in listed.items()} == {
        family: set(names) for family, names in families.items()
    }
    assert ("C++, in use on CPUs" in out) is kernels.are_available()
    assert ("Pure JAX is in use, since" in out) is not kernels.are_available()
