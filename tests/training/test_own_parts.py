"""Runs with a memory and a controller in the user's own files, which are executed only if they are named."""

import json

import numpy as np
import pytest

import neuralstack as ns
from neuralstack.cli import main
from neuralstack.training import Run
from small import contents, untrained_run

SIZES = {"hidden_dim": 8, "memory_dim": 6, "batch_size": 4, "max_steps": 2, "evaluate_every": 2, "max_length": 8}
MEMORIES = """from pathlib import Path
import jax, jax.numpy as jnp, neuralstack as ns
Path("executed").touch()

class Register(ns.AbstractMemory):
    width: int = 8
    action_size = property(lambda self: self.width + 1)
    read_size = property(lambda self: self.width)
    def init(self, steps, dtype=None): return jnp.zeros(self.width, dtype)
    def decode(self, raw): return jax.nn.sigmoid(raw[0]), jnp.tanh(raw[1:])
    def step(self, state, action):
        gate, value = action
        state = gate * value + (1 - gate) * state
        return state, state
    def quantize(self, action): return jnp.round(action[0]), action[1]
    def discretized(self): return ns.Quantized(self)

narrow = Register(3)
def doubled(width): return Register(2 * width)
number = 3
def wrong(): return 3
"""
CONTROLLERS = """from pathlib import Path
import equinox as eqx, jax.numpy as jnp
Path("executed").touch()

class Perceptron(eqx.Module):
    mlp: eqx.nn.MLP
    input_size: int = eqx.field(static=True)
    def __init__(self, input_size, hidden_dim, *, key):
        self.mlp = eqx.nn.MLP(input_size + hidden_dim, hidden_dim, 8, 1, key=key)
        self.input_size = input_size
    def init(self): return jnp.zeros(self.mlp.out_size)
    def step(self, state, x):
        state = self.mlp(jnp.concatenate([x, state]))
        return state, state
"""
NAMED = {"memory": "memories.py:Register", "controller": "controllers.py:Perceptron"}
OPTIONS = [word for part, name in NAMED.items() for word in (f"--{part}", name)]


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    place = tmp_path_factory.mktemp("own")
    (place / "memories.py").write_text(MEMORIES)
    (place / "controllers.py").write_text(CONTROLLERS)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        untrained_run("run", ns.configure("reversal", **NAMED, **SIZES))
    return place


@pytest.fixture
def place(untrained, monkeypatch):
    monkeypatch.chdir(untrained)
    (untrained / "executed").unlink(missing_ok=True)
    return untrained


def run(*arguments):
    with pytest.raises(SystemExit) as stop:
        main([*map(str, arguments)])
    return stop.value.code


COMMANDS = ["evaluate run", "predict run ab", "harden run", "trace run ab", "compare run", "train --resume run"]


@pytest.mark.parametrize("typed", COMMANDS)
@pytest.mark.parametrize("part", NAMED)
def test_a_command_executes_a_part_only_if_it_is_named(place, capsys, typed, part):
    other = {"memory": "controller", "controller": "memory"}[part]
    assert run(*typed.split(), f"--{other}", NAMED[other]) == 2
    message = f"'{NAMED[part]}', which is not one of the library's: add --{part} {NAMED[part]} to"
    assert message in capsys.readouterr().err


def test_nothing_is_executed_where_nothing_is_named(place):
    assert run("evaluate", "run") == 2
    with pytest.raises(ValueError, match="name it too, as its memory"):
        ns.load("run")
    assert not (place / "executed").exists()


def test_commands_take_the_names_of_the_parts(place, capsys):
    assert run("evaluate", "run", *OPTIONS, "--count", 5, "--json") == 0
    assert set(json.loads(capsys.readouterr().out)) >= {"coarse", "fine", "token"}
    assert run("predict", "run", "ab", *OPTIONS) == 0


@pytest.mark.slow
def test_further_commands_take_the_names_of_the_parts(place):
    assert run("trace", "run", "ab", "--versions", "untrained", "soft", *OPTIONS) == 0
    assert run("train", "reversal", "--from", "run", *OPTIONS, "--max-steps", 1, "--out", "warm") == 0


@pytest.mark.slow
def test_a_memory_without_margins_is_hardened_or_refused(place, capsys):
    status = run("harden", "run", *OPTIONS, "--count", 5)
    printed = "".join(capsys.readouterr())
    assert "soft and hard answer" in printed
    assert "margin" not in printed
    assert status == (2 if "cannot be called hardened" in printed else 0)


def test_a_resumed_run_of_own_parts_is_the_run_that_never_stopped(place):
    ns.train(ns.configure("reversal", **NAMED, **SIZES | {"max_steps": 4}), "whole", show=False)
    ns.train(ns.configure("reversal", **NAMED, **SIZES), "parts", show=False)
    ns.resume("parts", **NAMED, max_steps=4, show=False)
    one, other = contents(place / "whole"), contents(place / "parts")
    assert one["checkpoint.safetensors"] == other["checkpoint.safetensors"]


@pytest.mark.parametrize("given", ["names", "another path", "classes", "objects"])
def test_a_run_is_loaded_with_its_parts(place, given):
    named = ns.load("run", **NAMED)
    if given == "another path":
        parts = {part: f"{place}/{name}" for part, name in NAMED.items()}
    elif given == "objects":
        parts = {"memory": named.memory, "controller": named.controller}
    else:
        parts = {"memory": type(named.memory), "controller": type(named.controller.module)} | (
            NAMED if given == "names" else {}
        )
    loaded = ns.load("run", **parts)
    assert loaded.memory.width == 6
    np.testing.assert_array_equal(loaded(np.array([1, 2])), named(np.array([1, 2])))


def test_a_part_of_another_name_is_refused(place):
    with pytest.raises(ValueError, match=r"the memory of 'run' is .* not 'stack': give the memory of the run"):
        ns.load("run", memory="stack")


@pytest.mark.parametrize(
    ("name", "width"),
    [("memories.py:narrow", 3), ("memories.py:doubled", 12), ("memories.py:Register(width=5)", 5)],
)
def test_a_memory_is_named_by_an_object_a_function_or_a_class_with_options(place, name, width):
    config = ns.complete(ns.configure("reversal", memory=name, **SIZES))
    assert ns.training.machine_skeleton(config.machine, 5).memory.width == width


def test_own_memories_are_joined_with_others(place):
    config = ns.complete(ns.configure("reversal", memory="stack+memories.py:Register", **SIZES))
    parts = ns.training.machine_skeleton(config.machine, 5).memory.memories
    assert [type(part).__name__ for part in parts] == ["NeuralStack", "Register"]


def test_a_cell_of_equinox_is_named_by_its_package(place):
    config = ns.complete(ns.configure("reversal", controller="equinox.nn:GRUCell", **SIZES))
    assert ns.training.machine_skeleton(config.machine, 5).controller.hidden_size == 8


REFUSED = {
    "has no 'Registr': did you mean 'Register'": {"memory": "memories.py:Registr"},
    "'memories.py:number' is an object of type int: give a memory": {"memory": "memories.py:number"},
    "'memories.py:wrong' made an object of type int, which is not a memory": {"memory": "memories.py:wrong"},
    "has no option 'depth': choose from width": {"memory": "memories.py:Register(depth=2)"},
    "there is no file 'gone.py'": {"controller": "gone.py:Cell"},
    "the controller join cannot be made of": {"controller": "os.path:join"},
    "Perceptron has no parameter num_layers": {"controller": NAMED["controller"], "num_layers": 2},
}


@pytest.mark.parametrize("message", REFUSED)
def test_a_name_without_a_part_is_refused_before_anything_is_written(place, message):
    with pytest.raises(ValueError, match=message) as raised:
        ns.train(ns.configure("reversal", **SIZES | REFUSED[message]), "refused", show=False)
    assert "\n" not in str(raised.value)
    assert not (place / "refused").exists()


def test_a_configuration_of_version_0_1_names_no_file(tmp_path):
    (tmp_path / "config.json").write_text('{"task": "reversal", "memory": "evil.py:Memory"}')
    with pytest.raises(ValueError, match="is not one of the library's"):
        Run.open(tmp_path).config()
