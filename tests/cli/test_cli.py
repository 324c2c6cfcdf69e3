import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import fields, replace

import equinox as eqx
import pytest

import neuralstack.experiments as experiments
from neuralstack import CONNECTIONS, CONTROLLERS, MEMORIES, Reversal, evaluate, fixed_set, kernels, load
from neuralstack.cli._commands import COMMANDS
from neuralstack.cli._train_options import TrainOptions
from neuralstack.tasks import FAMILIES
from neuralstack.training import CURRICULA, OBJECTIVES, Outcome, Run, _train as train_module, configure
from small import OPTIONS, assert_same_run, command, contents, json_lines, with_huge_weights

pytest_plugins = ("small_runs",)


# Reports after each command, in one process, what was printed and which heavy packages have been imported.
LOOK_FOR_HEAVY = """import json, sys
from contextlib import redirect_stderr, redirect_stdout, suppress
from io import StringIO
from neuralstack.cli import main
for line in sys.stdin:
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as error, suppress(SystemExit):
        main(json.loads(line))
    heavy = {name.partition(".")[0] for name in sys.modules} & {"jax", "jaxlib", "equinox", "optax", "matplotlib"}
    print(json.dumps([bool(out.getvalue()), bool(error.getvalue()), sorted(heavy)]))"""


def test_help_and_errors_wait_for_nothing_heavy():
    typed = [["train", "--hiden", "3"], ["--help"], *([name, "--help"] for name in COMMANDS)]
    given = "\n".join(map(json.dumps, typed))
    code = [sys.executable, "-c", LOOK_FOR_HEAVY]
    run = subprocess.run(code, input=given, capture_output=True, text=True, check=True)
    for arguments, line in zip(typed, run.stdout.splitlines(), strict=True):
        helped = arguments[-1] == "--help"
        assert json.loads(line) == [helped, not helped, []], arguments


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_help_says_what_a_command_does_and_takes(call, arguments):
    status, out, err = call(*arguments)
    assert (status, err) == (0, "")
    if len(arguments) == 1:
        assert all(name in out for name in COMMANDS)
    else:
        assert COMMANDS[arguments[0]].__doc__ in " ".join(out.split())
    if arguments[0] == "train":
        assert all(f"--{field.name.replace('_', '-')}" in out for field in fields(TrainOptions) if field.name != "task")


def test_the_package_is_a_command(learned):
    done = subprocess.run(command("list"), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "reversal" in done.stdout


def test_train_keeps_a_run_and_says_how_it_ended(call, tmp_path):
    out = tmp_path / "deep" / "run"
    status, said, err = call(*OPTIONS, "--max-steps", 4, "--evaluate-every", 2, "--out", out)
    assert (status, err) == (0, "")
    assert said.startswith("all 4 steps were taken; best validation at step ")
    assert said.endswith(f" s of training): {out}\n")
    assert contents(out).keys() == {"config.json", "metrics.jsonl", "model.safetensors", "checkpoint.safetensors"}
    assert [record["step"] for record in Run(out).metrics()] == [2, 4]


def test_train_names_the_directory_after_its_parts_unless_told(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, said, _ = call(*OPTIONS, "--max-steps", 1, "--seed", 7)
    assert status == 0
    assert said.strip().endswith(f": {os.path.join('runs', 'reversal-stack-gru-7')}")
    assert Run.open("runs/reversal-stack-gru-7").config().seed == 7


CHOSEN = {
    "memory": "hard", "controller": "lstm", "connection": "feedback", "hidden_dim": 11, "memory_dim": 12,
    "num_layers": 2, "alphabet": "abc", "binarization": 0.13, "binarization_start": 14, "reconstruction": 0.15,
    "input_noise": 0.16, "input_noise_start": 17, "min_length": 18, "max_length": 19, "learning_rate": 0.2,
    "learning_rate_half_life": 21, "max_grad_norm": 2.2, "batch_size": 23, "max_steps": 24, "stop_after_perfect": 25,
    "extra_steps": 26, "restart_after": 27, "evaluate_every": 28, "state_reset_every": 29, "log_test": True,
    "seed": 30,
}  # fmt: skip
CHOICES = (
    {"objective": "imitation", "forcing_prob": 0.31, "forcing_decay_steps": 32, "curriculum": "linear",
     "linear_steps": 33},
    {"objective": "reinforce", "entropy": 0.34, "baseline": "learned", "curriculum": "warmup",
     "warmup_lengths": (35, 36)},
    {"text": "some.txt", "text_encoding": "latin-1", "objective": "supervised", "curriculum": "adaptive"},
)  # fmt: skip


def test_every_option_reaches_the_configuration(call, tmp_path, monkeypatch):
    given = []

    def remember(config, path, *, warm_start):
        given.append((config, path))
        return Outcome("perfect", "perfect", 10, 2, 1.25, True)

    monkeypatch.setattr("neuralstack.training.train", remember, raising=False)
    tried = set()
    for choice in CHOICES:
        arguments = ["train", "reversal", "--out", tmp_path]
        for name, value in (CHOSEN | choice).items():
            values = value if isinstance(value, tuple) else () if value is True else (value,)
            arguments += ["--" + name.replace("_", "-"), *values]
        status, said, _ = call(*arguments)
        assert (status, said) == (0, f"perfect (10 steps, 1.2 s of training, 2 restarts): {tmp_path}\n")
        assert given[-1] == (configure("reversal", **CHOSEN, **choice), tmp_path)
        tried |= (CHOSEN | choice).keys()
    assert tried == {field.name for field in fields(TrainOptions)} - {"task", "data"}


def test_help_names_every_choice():
    done = subprocess.run(command("train", "--help"), capture_output=True, text=True)
    words = set(re.findall(r"[\w-]+", done.stdout))
    assert {*MEMORIES, *CONTROLLERS, *CONNECTIONS, *OBJECTIVES, *CURRICULA} <= words


def test_an_interrupted_training_exits_with_130_and_is_resumed_from_its_directory(call, tmp_path, monkeypatch):
    class interrupted_at_once:
        def __enter__(self):
            return lambda: True

        def __exit__(self, *_):
            return None

    arguments = [*OPTIONS, "--max-steps", 12, "--evaluate-every", 6, "--out", tmp_path / "run"]
    with monkeypatch.context() as patch:
        patch.setattr(train_module, "defer_keyboard_interrupt", interrupted_at_once)
        status, out, err = call(*arguments)
    assert (status, out) == (130, "")
    assert err.startswith("neuralstack: interrupted at step 6")
    assert err.endswith(f"continue with neuralstack train --resume {tmp_path / 'run'}\n")
    assert call("train", "--resume", tmp_path / "run")[0] == 0
    assert call(*arguments[:-1], tmp_path / "straight")[0] == 0
    assert_same_run(Run(tmp_path / "run"), Run(tmp_path / "straight"))


def test_ctrl_c_outside_of_training_is_one_line(call, learned, monkeypatch):
    def press(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("neuralstack.evaluation.evaluate", press)
    status, out, err = call("evaluate", learned)
    assert (status, out) == (130, "")
    assert err.startswith("neuralstack: interrupted")
    assert err.count("\n") == 1


def test_a_failed_training_exits_with_1_and_says_why(call, tmp_path, new_run):
    run = Run(shutil.copytree(new_run.path, tmp_path / "run"))
    run.save_checkpoint(with_huge_weights(run.load_checkpoint()))
    status, out, err = call("train", "--resume", run.path)
    assert (status, out) == (1, "")
    assert err.startswith("neuralstack: stopped at step 0: the loss or its gradient is not a finite number; ")
    assert err.count("\n") == 1


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


def test_evaluate_draws_as_many_sequences_of_the_published_test_lengths_as_it_is_told(call, learned, monkeypatch):
    given = []

    def remember(task, lengths, count):
        given.append((lengths, count))
        return fixed_set(task, (2, 8))

    monkeypatch.setattr("neuralstack.evaluation.fixed_set", remember)
    assert call("evaluate", learned)[0] == 0
    assert call("evaluate", learned, "--count", 7)[0] == 0
    assert call("evaluate", learned, "--lengths", 3, 5)[0] == 0
    assert given == [((65, 128), 1000), ((65, 128), 7), ((3, 5), 1000)]


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


@pytest.mark.slow
def test_train_with_seeds_says_what_became_of_each_and_how_many_succeeded(call, tmp_path):
    more = ["--max-steps", "4", "--evaluate-every", "2", "--seeds", "2", "--out", tmp_path / "runs"]
    status, out, _ = call(*OPTIONS, *more)
    assert status == 0
    assert [line.split()[0] for line in out.splitlines() if "done" in line] == ["seed-0", "seed-1"]
    assert "0 of 2 answer every sequence of the validation set (95% interval 0.000-0.658), 0 after a restart" in out
    assert call("evaluate", tmp_path / "runs", "--count", "5")[0] == 0
    assert call(*OPTIONS, *more)[0] == 2


def test_train_takes_one_learning_rate_or_several(call, tmp_path):
    given = call(*OPTIONS, "--learning-rate", "0.1", "--learning-rates", "0.1", "0.2", "--out", tmp_path / "runs")
    assert given == (2, "", "neuralstack: give --learning-rate or --learning-rates, not both.\n")


def test_list_names_everything_there_is(call):
    status, out, err = call("list")
    assert (status, err) == (0, "")
    families = {
        **{f"{family} tasks": tasks for family, tasks in FAMILIES.items()},
        "memories": MEMORIES,
        "controllers": CONTROLLERS,
        "connections": CONNECTIONS,
        "experiments": experiments.EXPERIMENTS,
        "kernels": kernels.MEMORIES,
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


@pytest.mark.parametrize(
    ("more", "path"),
    [([], "runs/reproduce-nothing"), (["--quick"], "runs/reproduce-nothing-quick"), (["--out", "x"], "x")],
)
def test_reproduce_runs_the_experiment(call, monkeypatch, tmp_path, more, path):
    monkeypatch.chdir(tmp_path)
    nothing = replace(
        experiments.EXPERIMENTS["reversal"], name="nothing", variants=(), quick=experiments.Quick(()), curves=(),
        tables=lambda result: [], figures=(),
    )  # fmt: skip
    monkeypatch.setitem(experiments.EXPERIMENTS, "nothing", nothing)
    assert call("reproduce", "nothing", *more) == (0, f"result and figures: {path}\n", "")
    result = json.loads((tmp_path / path / "result.json").read_text())
    assert result["command"] == "neuralstack reproduce nothing" + (" --quick" if "--quick" in more else "")


def test_reproduce_says_how_to_continue_when_it_is_interrupted(call, monkeypatch, tmp_path):
    def interrupt(result):
        raise KeyboardInterrupt

    interrupted = replace(
        experiments.EXPERIMENTS["reversal"], variants=(), curves=(), tables=interrupt, quick=experiments.Quick(())
    )
    monkeypatch.setitem(experiments.EXPERIMENTS, "reversal", interrupted)
    status, _, err = call("reproduce", "reversal", "--quick", "--out", tmp_path)
    assert status == 130
    assert err.endswith(f": neuralstack reproduce reversal --quick --out {tmp_path} continues\n")
