"""Kernels that cannot be used are ignored: JAX works, and the pure form gives the same numbers."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import jax
import pytest

MODULE = Path(__file__).parents[2] / "neuralstack" / "kernels" / "module.cc"

# Prints the stack's reads, why there are no kernels, and the message to a user who requests them. The argument is
# the compiled module to use: the package's own, none at all, or a file.
READ = """
import sys
from importlib.util import module_from_spec, spec_from_file_location

if sys.argv[1] != "own":
    sys.modules["neuralstack.kernels._native"] = None
if sys.argv[1].endswith(".so"):
    spec = spec_from_file_location("neuralstack.kernels._native", sys.argv[1])
    sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules[spec.name])

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


def read(module, **environment):
    """Return the lines that were printed, and those on standard error that warn."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", READ, module], env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    reads, again, *printed = done.stdout.splitlines()
    assert reads == again == "[0.8 1.5]"
    return printed, [line for line in done.stderr.splitlines() if "Warning: " in line]


def test_without_kernels_the_pure_form_runs_and_says_so_once():
    (reason, refusal), (warning,) = read("none")
    assert reason == "neuralstack was installed without its C++ kernels"
    assert refusal.startswith(f"kernel=True needs the C++ kernels, and {reason}: install neuralstack again")
    assert f"the C++ kernels cannot be used, since {reason}: the pure JAX form runs instead" in warning


@pytest.mark.slow
def test_kernels_that_are_switched_off_are_not_used_and_not_missed():
    (reason, _), warnings = read("own", NEURALSTACK_KERNELS="0")
    assert reason == "they are switched off by NEURALSTACK_KERNELS=0"
    assert warnings == []


@pytest.mark.slow
@pytest.mark.parametrize(("newer", "runs"), [(0, True), (1, False)])
def test_kernels_built_for_a_newer_version_of_xla_are_refused_before_they_end_the_backend(newer, runs, tmp_path):
    compiler = shutil.which("c++")
    if compiler is None:
        pytest.skip("there is no C++ compiler")
    include = shutil.copytree(jax.ffi.include_dir(), tmp_path / "include")
    header = include / "xla" / "ffi" / "api" / "c_api.h"
    text = header.read_text()
    minor = int(text.partition("#define XLA_FFI_API_MINOR ")[2].split()[0])
    header.write_text(text.replace(f"API_MINOR {minor}", f"API_MINOR {minor + newer}"))
    built = tmp_path / "_native.so"
    options = ["-shared", "-fPIC", "-std=c++17", "-isystem", include, "-I", sysconfig.get_path("include")]
    subprocess.run([compiler, *options, MODULE, "-o", built], check=True)
    (reason, *_), warnings = read(str(built))
    assert (reason == "", warnings == []) == (runs, runs)
    if not runs:
        assert reason.startswith(f"they were built for version 0.{minor + 1} of the interface of XLA")
