"""Any machine can be saved in a directory and loaded from it."""

import json
import re
import subprocess

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from machines import KEY, MACHINES, Perceptron, Register, build

import neuralstack as ns
from cases import quick
from small import command, contents

TOKENS = jnp.array([1, 2, 3])


@pytest.mark.parametrize("name", quick(MACHINES, "hardened", "composite"))
def test_a_loaded_machine_is_the_one_that_was_saved(tmp_path, name):
    machine = MACHINES[name]()
    ns.save(tmp_path / "machine", machine)
    loaded = ns.load(tmp_path / "machine")
    assert jax.tree.structure(loaded) == jax.tree.structure(machine)
    jax.tree.map(np.testing.assert_array_equal, loaded, machine)
    assert set(contents(tmp_path)) == {"machine/machine.json", "machine/model.safetensors"}


@pytest.mark.slow
def test_it_is_loaded_in_another_process(tmp_path):
    ns.save(tmp_path / "machine", build())
    code = (
        f"import neuralstack as ns, jax.numpy as jnp; print(ns.load({str(tmp_path / 'machine')!r})(jnp.arange(3))[0])"
    )
    done = subprocess.run([command()[0], "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(build()(jnp.arange(3))[0])


@pytest.mark.parametrize("controller", quick(ns.PARALLEL_CONTROLLERS, "gru"))
def test_a_memory_layer_is_saved_too(tmp_path, controller):
    layer = ns.MemoryLayer(5, controller=controller, memory=ns.NeuralQueue(3), hidden=8, heads=2, key=KEY)
    ns.save(tmp_path / "layer", layer)
    loaded = ns.load(tmp_path / "layer")
    assert jax.tree.structure(loaded) == jax.tree.structure(layer)
    jax.tree.map(np.testing.assert_array_equal, loaded, layer)


class Twice(eqx.Module):
    """A controller of a layer: a user's own class."""

    linear: eqx.nn.Linear

    def __init__(self, size, hidden, *, key):
        self.linear = eqx.nn.Linear(size, hidden, key=key)

    def __call__(self, inputs):
        return 2 * jax.vmap(self.linear)(inputs)


@pytest.fixture(scope="module")
def layer_of_own(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "layer"
    layer = ns.MemoryLayer(5, controller=Twice(5, 8, key=KEY), memory=ns.NeuralStack(2), hidden=8, key=KEY)
    ns.save(path, layer)
    return path, layer


@pytest.mark.parametrize("controller", [Twice, Twice(5, 8, key=jax.random.key(1))], ids=["its class", "a module"])
def test_a_layer_whose_controller_is_of_the_users_class_is_loaded_with_it(layer_of_own, controller):
    path, layer = layer_of_own
    jax.tree.map(np.testing.assert_array_equal, ns.load(path, controller=controller), layer)


@pytest.mark.parametrize(
    ("controller", "message"),
    [
        (None, "has a controller of a user-defined class, 'Twice': give controller=, a module like it"),
        (eqx.nn.Identity(), "controller= must be a 'Twice' as was saved, got 'Identity'"),
        (Twice(5, 9, key=KEY), "must map inputs .* to hidden vectors .steps, 8., but Twice maps .* to .4, 9."),
    ],
    ids=["none", "another class", "another width"],
)
def test_a_layer_whose_controller_is_of_the_users_class_is_loaded_with_no_other(layer_of_own, controller, message):
    with pytest.raises(ValueError, match=message):
        ns.load(layer_of_own[0], controller=controller)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "machine"
    ns.save(path, build(Perceptron(6, KEY), Register(), embedding_dim=4))
    return path


def test_a_network_whose_memory_is_of_the_users_class_is_loaded_with_it(tmp_path):
    networks = {
        "layer": ns.MemoryLayer(5, memory=Register(), hidden=8, key=KEY),
        "transformer": ns.Transformer(5, width=8, heads=2, memory=Register(), key=KEY),
    }
    for name, network in networks.items():
        ns.save(tmp_path / name, network)
        with pytest.raises(ValueError, match="a memory of a user-defined class, 'Register': give memory="):
            ns.load(tmp_path / name)
        jax.tree.map(np.testing.assert_array_equal, ns.load(tmp_path / name, memory=Register), network)


def perceptron(input_size, hidden_dim, *, key):
    return Perceptron(hidden_dim, key)


@pytest.mark.parametrize(
    "parts",
    [
        {"memory": Register, "controller": perceptron},
        {"memory": Register(), "controller": Perceptron(6, jax.random.key(1))},
    ],
    ids=["what makes them", "such objects"],
)
def test_parts_of_the_users_classes_are_given_to_load(own, parts):
    np.testing.assert_array_equal(
        ns.load(own, **parts)(TOKENS), build(Perceptron(6, KEY), Register(), embedding_dim=4)(TOKENS)
    )


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({}, "has a memory of a user-defined class, 'Register': give memory="),
        ({"memory": Register}, "has a controller of a user-defined class, 'Perceptron': give controller="),
        ({"memory": ns.NeuralStack, "controller": perceptron}, "memory= must be the memory that was saved"),
        ({"memory": 3}, "'3' is an object of type int: give a memory"),
    ],
)
def test_parts_of_the_users_classes_that_are_lacking_or_others_are_refused(own, parts, message):
    with pytest.raises(ValueError, match=message):
        ns.load(own, **parts)


def test_nothing_is_overwritten(tmp_path):
    ns.save(tmp_path / "machine", build())
    before = contents(tmp_path / "machine")
    with pytest.raises(ValueError, match="exists and is not empty: choose another one"):
        ns.save(tmp_path / "machine", build(ns.LSTM(4, 6, key=KEY)))
    (tmp_path / "link").symlink_to(tmp_path / "machine")
    (tmp_path / "file").write_text("")
    for name in ("link", "file"):
        with pytest.raises(ValueError, match="is not a directory: choose another path"):
            ns.save(tmp_path / name, build())
    assert contents(tmp_path / "machine") == before


def test_what_is_not_a_machine_is_refused(tmp_path):
    with pytest.raises(TypeError, match=r"an ns\.Machine, an ns\.Transformer or an ns\.MemoryLayer, got GRU"):
        ns.save(tmp_path / "machine", ns.GRU(4, 6, key=KEY))


BROKEN = {
    "[]": "machine.json is not that of a machine",
    '{"machine": 3}': "machine.json is not that of a machine",
    '{"machine": {"layer": {}}}': "the specification of a memory layer lacks dtype",
    "{": "cannot be loaded",
    "[" * 100_000: "nested too deeply",
}


@pytest.mark.parametrize("text", BROKEN, ids=range(len(BROKEN)))
def test_a_broken_specification_is_refused_in_one_line(tmp_path, text):
    ns.save(tmp_path / "machine", build())
    (tmp_path / "machine" / "machine.json").write_text(text)
    with pytest.raises(ValueError, match=BROKEN[text]):
        ns.load(tmp_path / "machine")


def test_weights_of_another_machine_are_refused(tmp_path):
    ns.save(tmp_path / "machine", build())
    spec = json.loads((tmp_path / "machine" / "machine.json").read_text())
    spec["machine"]["controller"]["hidden_size"] = 7
    (tmp_path / "machine" / "machine.json").write_text(json.dumps(spec))
    with pytest.raises(ValueError, match=re.escape("model.safetensors")):
        ns.load(tmp_path / "machine")
