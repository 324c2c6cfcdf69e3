"""Uses that must work if the package is installed without extras: `make installs` runs this file, without pytest."""

from importlib.metadata import requires
from importlib.util import find_spec

import jax

import neuralstack as ns

# Packages that the extras install, and JAX does not.
EXTRAS = "distributed", "matplotlib", "pytest", "rich", "starlette", "tensorboardX", "tyro", "uvicorn", "z3"


def main():
    assert requires("neuralstack"), "neuralstack is not installed here"
    assert not [package for package in EXTRAS if find_spec(package)], "this environment holds packages of the extras"

    for name in ns.__all__:
        getattr(ns, name)

    stack = ns.NeuralStack(width=1)
    action = ns.Action(push=[0.8, 0.5, 0.9], pop=[0.0, 0.1, 0.9], value=[[1.0], [2.0], [3.0]])
    reads = [round(float(read), 5) for read in ns.run(stack, action)[:, 0]]
    assert reads == [0.8, 1.5, 2.8], reads

    assert "dyck-2" in ns.zoo.list(), "the entries of the zoo are missing"
    entry = ns.zoo.load("dyck-2")
    answered = entry.task.decode(entry.program.answer(entry.task.encode("([])")))
    assert answered == ns.predict(entry.machine, "([])", entry.task).text == ")]).", answered
    print(f"neuralstack {ns.__version__} without extras on JAX {jax.__version__}: every name, and a stack that reads")


if __name__ == "__main__":
    main()
