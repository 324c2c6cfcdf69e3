"""Kernels that cannot be used are ignored: JAX works, and the pure form gives the same numbers."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import jax
import pytest

PACKAGE = Path(__file__).parents[2] / "neuralstack"
LIBRARY = "libneuralstack" + (".pyd" if sys.platform == "win32" else ".so")

# Prints the stack's reads, why there are no kernels, and the message to a user who requests them.
READ = """
import neuralstack as ns
from neuralstack import kernels

for _ in range(2):
    action = ns.Action(push=[0.8, 0.5], pop=[0.0, 0.1], value=[[1.0], [2.0]])
    print(ns.run(ns.NeuralStack(width=1), action)[:, 0])
print(kernels.why_unavailable())
try:
    ns.NeuralStack(width=1, kernel=True)
except ValueError as error:
    print(error)
"""


@pytest.fixture
def copied(tmp_path):
    """A folder with a copy of the package that has no compiled library."""
    shutil.copytree(PACKAGE, tmp_path / PACKAGE.name, ignore=shutil.ignore_patterns(LIBRARY))
    return tmp_path


def read(folder=None, **environment):
    """Return the lines that were printed, and those on standard error that warn, with a folder's copy of the package.

    Without -S, an editable install would find its own files first.
    """
    options = ["-P"]
    if folder:
        options.append("-S")
        environment["PYTHONPATH"] = os.pathsep.join([str(folder), *sys.path])
    done = subprocess.run(
        [sys.executable, *options, "-c", READ], env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    reads, again, *printed = done.stdout.splitlines()
    assert reads == again == "[0.8 1.5]"
    return printed, [line for line in done.stderr.splitlines() if "Warning: " in line]


def test_without_kernels_the_pure_form_runs_and_says_so_once(copied):
    (reason, refusal), (warning,) = read(copied)
    assert reason == "neuralstack was installed without its C++ kernels"
    assert refusal.startswith(f"kernel=True needs the C++ kernels, and {reason}: install neuralstack again")
    assert f"the C++ kernels cannot be used, since {reason}: the pure JAX form runs instead" in warning


@pytest.mark.slow
def test_a_library_that_cannot_be_loaded_is_not_used(copied):
    (copied / "neuralstack" / "kernels" / LIBRARY).write_text("for another machine")
    (reason, _), (warning,) = read(copied)
    assert reason.startswith("their library cannot be loaded (")
    assert f"the C++ kernels cannot be used, since {reason}: the pure JAX form runs instead" in warning


@pytest.mark.slow
def test_kernels_that_are_switched_off_are_not_used_and_not_missed():
    (reason, _), warnings = read(NEURALSTACK_KERNELS="0")
    assert reason == "they are switched off by NEURALSTACK_KERNELS=0"
    assert warnings == []


@pytest.mark.slow
@pytest.mark.parametrize(("newer", "runs"), [(0, True), (1, False)])
def test_kernels_built_for_a_newer_version_of_xla_are_refused_before_they_end_the_backend(newer, runs, copied):
    compiler = shutil.which("c++")
    if compiler is None:
        pytest.skip("there is no C++ compiler")
    include = shutil.copytree(jax.ffi.include_dir(), copied / "include")
    header = include / "xla" / "ffi" / "api" / "c_api.h"
    text = header.read_text()
    minor = int(text.partition("#define XLA_FFI_API_MINOR ")[2].split()[0])
    header.write_text(text.replace(f"API_MINOR {minor}", f"API_MINOR {minor + newer}"))
    folder = copied / "neuralstack" / "kernels"
    command = [compiler, "-shared", "-fPIC", "-std=c++17", "-isystem", include, *folder.glob("*.cc")]
    subprocess.run([*command, "-o", folder / LIBRARY], check=True)
    (reason, *_), warnings = read(copied)
    assert (reason == "", warnings == []) == (runs, runs)
    if not runs:
        assert reason.startswith(f"they were built for version 0.{minor + 1} of the interface of XLA")
