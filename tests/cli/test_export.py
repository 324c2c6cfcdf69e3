"""`neuralstack export`: which program it writes, and where."""

import json
import shutil
import subprocess
import sys
from hashlib import sha256
from random import Random

import pytest

from neuralstack import StackTransducer, complete, export
from neuralstack.training import configure
from programs import PROGRAMS, text_of
from small import untrained_run

pytest_plugins = ("small_runs",)

SIZES = "as 2 states, the program takes {:,} bits; the 1,000 weights of the network take 32,000"


def hardened_as(run, exported, **record):
    """Write the files that `neuralstack harden` writes, for these weights and that program."""
    weights = sha256((run / "model.safetensors").read_bytes()).hexdigest()
    sizes = {"states": 3, "smallest_states": 2, "bits": exported.bits, "agreement": {"same": 40, "sequences": 40}}
    network = {"weights": 1000, "bits": 32000}
    content = {"program": sizes, "network": network, "weights_sha256": weights, **record}
    (run / "hardening.json").write_text(json.dumps(content))
    (run / "program.json").write_text(exported.to_json())


@pytest.fixture
def run(new_run, tmp_path):
    """A copy of a run, with the files of a hardening."""
    run = shutil.copytree(new_run.path, tmp_path / "run")
    hardened_as(run, PROGRAMS["reversal"])
    return run


@pytest.mark.parametrize("to", ["python", "c", "javascript", "module", "dot", "json"])
def test_the_program_of_a_hardened_run_is_printed(call, run, to):
    status, out, err = call("export", run, "--to", to)
    assert (status, out) == (0, export(PROGRAMS["reversal"], to))
    assert err == f"neuralstack: written down {SIZES.format(PROGRAMS['reversal'].bits)}\n"


def test_the_program_is_python_unless_another_language_is_named(call, run):
    assert call("export", run)[1] == export(PROGRAMS["reversal"], "python")


def test_a_file_is_written_and_replaced_only_on_request(call, run, tmp_path):
    file = tmp_path / "new" / "program.c"
    said = f"{file}: written down {SIZES.format(PROGRAMS['reversal'].bits)}\n"
    assert call("export", run, "--to", "c", "--out", file) == (0, said, "")
    assert file.read_text() == export(PROGRAMS["reversal"], "c")
    file.write_text("mine")
    status, out, err = call("export", run, "--to", "c", "--out", file)
    assert (status, out) == (2, "")
    assert err == f"neuralstack: {str(file)!r} exists: give another --out, or --overwrite.\n"
    assert file.read_text() == "mine"
    assert call("export", run, "--to", "c", "--out", file, "--overwrite") == (0, said, "")
    assert file.read_text() == export(PROGRAMS["reversal"], "c")


def test_a_program_that_differs_from_its_network_is_written_with_a_warning(call, run):
    sizes = {**json.loads((run / "hardening.json").read_text())["program"], "agreement": {"same": 3, "sequences": 40}}
    hardened_as(run, PROGRAMS["reversal"], program=sizes)
    status, out, err = call("export", run)
    assert (status, out) == (0, export(PROGRAMS["reversal"], "python"))
    assert err.startswith("neuralstack: the program differs from the network: they answer 3 of 40 random sequences")


@pytest.fixture
def without_memory(tmp_path):
    """A run whose machine has no memory, and so no program."""
    config = complete(configure("parity", controller="gru", hidden_dim=4, memory_dim=4, memory="none"))
    return untrained_run(tmp_path / "without", config).path


def test_a_run_without_a_program_is_refused_with_the_reason(call, run, without_memory):
    hardened_as(run, PROGRAMS["reversal"], program=None, no_program="train with the connection 'layer'.")
    line = f"neuralstack: {str(run)!r} has no program to export: train with the connection 'layer'.\n"
    assert call("export", run) == (2, "", line)
    status, out, err = call("export", without_memory)  # it is hardened first
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "a machine without a memory has no actions to round" in err


def test_files_of_other_weights_are_not_used(call, without_memory):
    hardened_as(without_memory, PROGRAMS["reversal"], weights_sha256="0" * 64)
    status, _, err = call("export", without_memory)
    assert status == 2
    assert "has no actions to round" in err


@pytest.mark.slow
@pytest.mark.parametrize("to", ["python", "c", "module"])
def test_the_program_of_a_trained_machine_answers_as_it_does_outside(call, hardened, to, tmp_path):
    suffix = {"python": "py", "c": "c", "module": "mjs"}[to]
    file, program = tmp_path / f"program.{suffix}", StackTransducer.load(hardened / "program.json")
    status, out, err = call("export", hardened, "--to", to, "--out", file)
    assert (status, err) == (0, "")
    assert f"{file}: written down as {len(program.minimal().states)} states, the program takes" in out
    command = {"python": [sys.executable, file], "c": [tmp_path / "program"], "module": ["node", file]}[to]
    if shutil.which({"c": "gcc", "module": "node"}.get(to, "sh")) is None:
        pytest.skip(f"what runs {to} is not installed")
    if to == "c":
        subprocess.run(["gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", file, "-o", tmp_path / "program"], check=True)
    rng, printable = Random(0), range(32, 127)
    sources = [rng.choices(printable, k=rng.randint(1, 30)) for _ in range(1000)] + [rng.choices(printable, k=5000)]
    lines = "".join(text_of(program, source) + "\n" for source in sources)
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:-1] == [text_of(program, program.answer(source)) for source in sources]
    assert done.stdout == "".join(line[::-1] + "\n" for line in lines.split("\n")[:-1])
