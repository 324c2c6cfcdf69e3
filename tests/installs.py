"""Installs of what `make wheel` builds, in fresh environments outside the checkout: `make installs` runs this file.

The one wheel goes into every version of Python that is found. PyTorch, if it is installed beside these tests, is used
with the wheel under the same Python, without JAX. The source distribution is installed with a C++ compiler
and without one.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
VERSIONS = "3.11", "3.12", "3.13"
REASON = "from neuralstack import kernels; print(kernels.why_unavailable())"
TORCH = """
import sys

sys.modules.update(dict.fromkeys(("jax", "jaxlib", "equinox", "optax")))  # none of them can be imported
sys.path.append(sys.argv[1])
import torch
from neuralstack.torch import NeuralStack

push, pop, value = [[0.8, 0.5]], [[0.0, 0.1]], [[[1.0], [2.0]]]
print(NeuralStack(1, kernel=True)(*map(torch.tensor, (push, pop, value))).flatten().tolist())
"""
PURE = "neuralstack was installed without its C++ kernels"


def found(version):
    """Return a Python of a version: from the path, or from pyenv, which may not offer it there."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for python in (shutil.which(f"python{version}"), *sorted(pyenv.glob(f"versions/{version}.*/bin/python"))):
        if python and subprocess.run([python, "-c", ""], capture_output=True).returncode == 0:
            return python
    return None


def installed(python, folder, *arguments, **environment):
    """Install with pip into the environment of a folder, which is made if it is missing, and return its Python."""
    own = folder / "bin" / "python"
    if not own.exists():
        subprocess.run([python, "-m", "venv", folder], check=True)
    pip = [own, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    command = [*pip, "-c", ROOT / "constraints.txt", *arguments]
    subprocess.run(command, check=True, cwd=folder, env={**os.environ, **environment})
    return own


def use(python, reason=""):
    """Use an installed package; `reason` is why it has no kernels, if it should have none."""
    folder = python.parents[1]
    done = subprocess.run([python, "-P", "-c", REASON], cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == reason, f"wanted {reason or 'kernels'!r}, found {done.stdout.strip()!r}"
    warnings = ["-W", "error", *(["-W", "ignore:the C++ kernels cannot be used"] if reason else [])]
    subprocess.run([python, "-P", *warnings, ROOT / "tests" / "lean.py"], cwd=folder, check=True)


def use_torch(python):
    """Use an installed package with the PyTorch of this environment, and without JAX."""
    place = importlib.util.find_spec("torch")
    if place is None:
        print("PyTorch is not installed here: neuralstack.torch is not tried")
        return
    command = [python, "-P", "-W", "error", "-c", TORCH, Path(place.origin).parents[1]]
    done = subprocess.run(command, cwd=python.parents[1], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[0.800000011920929, 1.5]", done.stdout


def check_source(source):
    """Check that a source distribution holds the sources, and nothing that was built or installed in the checkout."""
    with tarfile.open(source) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    assert {
        "neuralstack/kernels/xla.cc",
        "neuralstack/zoo/entries/dyck-2/card.json",
        "tests/conftest.py",
        "docs/index.md",
    } <= {*names}, "sources are missing"
    strangers = [name for name in names if name.startswith((".venv/", "build/")) or name.endswith((".so", ".pyc"))]
    assert not strangers, f"{source.name} holds {strangers[0]} and {len(strangers) - 1} more"


def main():
    (wheel,), (source,) = (sorted((ROOT / "dist").glob(pattern)) for pattern in ("*.whl", "*.tar.gz"))
    check_source(source)
    pythons = {version: python for version in VERSIONS if (python := found(version))}
    print(f"Python not found: {', '.join(set(VERSIONS) - {*pythons}) or 'none'}")
    assert pythons, f"none of Python {', '.join(VERSIONS)} was found"
    with tempfile.TemporaryDirectory() as name:
        for version, python in pythons.items():
            print(f"Python {version}: {wheel.name}")
            own = installed(python, Path(name) / version, wheel)
            use(own)
            if version == f"{sys.version_info.major}.{sys.version_info.minor}":
                use_torch(own)
        again = next(iter(pythons.values())), Path(name) / next(iter(pythons)), "--force-reinstall", "--no-deps", source
        print(f"{source.name}, with a compiler and without one")
        use(installed(*again))
        use(installed(*again, CXX="/bin/false"), PURE)


if __name__ == "__main__":
    sys.exit(main())
