"""The help of the commands, and the options that make a configuration."""

import json
import re
import subprocess
import sys
from dataclasses import fields

import pytest

from neuralstack import CONNECTIONS, CONTROLLERS, MEMORIES, complete
from neuralstack.cli import parse
from neuralstack.training import CURRICULA, OBJECTIVES, Run, configure, with_options
from small import COMMANDS, SMALL, command

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


@pytest.mark.parametrize("name", COMMANDS)
def test_help_says_what_a_command_does(call, name):
    """The help of a command begins with the sentence that the help of all has for it."""
    status, out, err = call(name, "--help")
    assert (status, err) == (0, "")
    sentence = " ".join(out.partition("\n\n")[2].partition("\n\n")[0].split())
    assert sentence.endswith(".")
    listed = " ".join(call("--help")[1].replace("│", " ").split())
    assert f"• {name} {sentence}" in listed


def test_help_names_every_command_and_every_option_of_a_training(call):
    assert f"{{{','.join(COMMANDS)}}}" in call("--help")[1]
    out = call("train", "--help")[1]
    assert all(f"--{name.replace('_', '-')}" in out for name in OPTIONS_OF_A_CONFIGURATION)


CHOSEN = {
    "memory": "hard", "controller": "lstm", "connection": "feedback", "readout": "elman", "hidden_dim": 11,
    "memory_dim": 12, "num_layers": 2, "alphabet": "abc", "binarization": 0.13, "binarization_start": 14,
    "reconstruction": 0.15, "input_noise": 0.16, "input_noise_start": 17, "min_length": 18, "max_length": 19,
    "learning_rate": 0.2, "learning_rate_half_life": 21, "max_grad_norm": 2.2, "batch_size": 23, "max_steps": 24,
    "stop_after_perfect": 25, "extra_steps": 26, "restart_after": 27, "evaluate_every": 28, "state_reset_every": 29,
    "log_test": True, "seed": 30, "epsilon": 0.37, "quantization": True, "finish_within": 40, "begin_within": 41,
    "balanced_start": True,
}  # fmt: skip
CHOICES = (
    {"objective": "imitation", "forcing_prob": 0.31, "forcing_decay_steps": 32, "curriculum": "linear",
     "linear_steps": 33},
    {"objective": "reinforce", "entropy": 0.34, "baseline": "learned", "curriculum": "warmup",
     "warmup_lengths": (35, 36)},
    {"text": "some.txt", "text_encoding": "latin-1", "objective": "supervised", "curriculum": "adaptive",
     "adaptive_accuracy": 0.38, "adaptive_batches": 39},
)  # fmt: skip
OTHER_OPTIONS = {
    "task",
    "data",
    "out",
    "resume",
    "warm_start",
    "seeds",
    "learning_rates",
    "no_log_test",
    "tensorboard",
    "wandb",
    "distributed",
    "coordinator",
    "processes",
    "process",
    "join_within",
}
OPTIONS_OF_A_CONFIGURATION = {name for choice in (CHOSEN, *CHOICES) for name in choice}


def test_every_option_reaches_the_configuration():
    for choice in CHOICES:
        arguments = ["train", "reversal"]
        for name, value in (CHOSEN | choice).items():
            values = value if isinstance(value, tuple) else () if name == "log_test" else (value,)
            values = ("on",) if name in ("quantization", "balanced_start") else values
            arguments += ["--" + name.replace("_", "-"), *map(str, values)]
        assert parse(arguments).config() == configure("reversal", **CHOSEN, **choice)
    assert {field.name for field in fields(parse(["train"]))} - OTHER_OPTIONS == OPTIONS_OF_A_CONFIGURATION


def test_a_training_from_a_run_logs_the_test_set_as_that_run_does_unless_told(tmp_path):
    Run.create(tmp_path / "run", complete(with_options(SMALL, log_test=True)))
    logs = {
        options: parse(["train", "--from", str(tmp_path / "run"), *options]).config().log_test
        for options in ((), ("--log-test",), ("--no-log-test",))
    }
    assert logs == {(): True, ("--log-test",): True, ("--no-log-test",): False}
    with pytest.raises(ValueError, match="give --log-test or --no-log-test, not both"):
        parse(["train", "reversal", "--log-test", "--no-log-test"]).config()


def test_help_names_every_choice():
    done = subprocess.run(command("train", "--help"), capture_output=True, text=True)
    words = set(re.findall(r"[\w-]+", done.stdout))
    assert {*MEMORIES, *CONTROLLERS, *CONNECTIONS, *OBJECTIVES, *CURRICULA} <= words
