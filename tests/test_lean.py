"""The library needs none of the packages that its extras install, and imports none of them on its own."""

import os
import subprocess
import sys

import pytest

import neuralstack as ns

WITHOUT_EXTRAS = """
import sys
from importlib.abc import MetaPathFinder


class Missing(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        extras = {"dask", "distributed", "matplotlib", "rich", "starlette", "tensorboardX", "tyro", "uvicorn", "z3"}
        if name.partition(".")[0] in extras:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, Missing())
"""


def without_extras(code):
    """Run code in a process where the packages of the extras cannot be imported."""
    environment = {**os.environ, "NEURALSTACK_KERNELS": "0"}  # whether they were built is not the question here
    arguments = [sys.executable, "-P", "-c", WITHOUT_EXTRAS + code]
    return subprocess.run(arguments, env=environment, capture_output=True, text=True)


def test_the_version_is_that_of_the_installed_package():
    from importlib.metadata import version

    assert ns.__version__ == version("neuralstack")


def test_without_extras_every_name_is_there_and_a_stack_reads():
    done = without_extras(
        "import neuralstack as ns\n"
        "for name in ns.__all__: getattr(ns, name)\n"
        "action = ns.Action(push=[0.8, 0.5], pop=[0.0, 0.1], value=[[1.0], [2.0]])\n"
        "print(ns.run(ns.NeuralStack(width=1), action)[:, 0])"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[0.8 1.5]\n", "")


@pytest.mark.slow
def test_a_figure_without_matplotlib_names_the_extra():
    done = without_extras("from neuralstack.reporting import plot_curves\nplot_curves({'run': []}, 'curves')")
    assert done.stderr.splitlines()[-1].endswith("matplotlib is not installed: run pip install 'neuralstack[plot]'")


@pytest.mark.slow
def test_a_proof_without_z3_names_the_extra_and_the_checks_are_made():
    done = without_extras(
        "import neuralstack as ns\n"
        "from neuralstack.verification import specification, verify\n"
        "task = ns.TASKS['parity']()\n"
        "print(verify(specification(task).minimal(), task, seconds=1, sequences=10, longest=20))"
    )
    last = done.stdout.splitlines()[-1]
    assert last == "every length    not proved: z3 is not installed: run pip install 'neuralstack[proof]'"
