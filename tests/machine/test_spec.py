import json
import re

import jax
import jax.numpy as jnp
import pytest
from machines import KEY, MACHINES, Perceptron, Register, build

from cases import quick
from neuralstack.machine import machine_from_spec, machine_spec


def forms(machine):
    paths = jax.tree.leaves_with_path(machine)
    return {jax.tree_util.keystr(path): (leaf.shape, leaf.dtype) for path, leaf in paths if hasattr(leaf, "shape")}


def roundtrip(machine, **given):
    return machine_from_spec(json.loads(json.dumps(machine_spec(machine))), **given)


@pytest.mark.parametrize("name", quick(MACHINES, "composite"))
def test_a_machine_is_rebuilt_from_its_specification_through_json(name):
    machine = MACHINES[name]()
    rebuilt = roundtrip(machine)
    assert forms(rebuilt) == forms(machine)
    assert jax.tree.structure(rebuilt) == jax.tree.structure(machine)
    assert all(isinstance(leaf, jax.ShapeDtypeStruct) for leaf in jax.tree.leaves(rebuilt))


@pytest.mark.slow
def test_the_dtype_is_that_of_the_saved_machine(float64):
    machine = jax.tree.map(lambda leaf: leaf.astype(jnp.float32), build())
    assert forms(roundtrip(machine)) == forms(machine)


def test_parts_of_a_users_classes_are_given_on_loading():
    machine = build(Perceptron(6, KEY), Register(), embedding_dim=4)
    rebuilt = roundtrip(machine, memory=Register(), controller=Perceptron(6, jax.random.key(1)))
    assert forms(rebuilt) == forms(machine)
    assert rebuilt.controller.module.mlp.activation is machine.controller.module.mlp.activation


OWN = {
    "the machine has a memory of a user-defined class, 'Register': give memory=": lambda: {
        "controller": Perceptron(6, KEY)
    },
    "the machine has a controller of a user-defined class, 'Perceptron': give controller=": lambda: {
        "memory": Register()
    },
    "memory= must be the memory that was saved": lambda: {"memory": Register(4), "controller": Perceptron(6, KEY)},
    "controller= must be like the one that was saved": lambda: {"memory": Register(), "controller": Perceptron(5, KEY)},
}


@pytest.mark.parametrize("message", OWN)
def test_parts_of_a_users_classes_that_are_lacking_or_others_are_refused(message):
    machine = build(Perceptron(6, KEY), Register(), embedding_dim=4)
    with pytest.raises(ValueError, match=re.escape(message)):
        roundtrip(machine, **OWN[message]())


def nested(depth):
    inner = {"kind": "NeuralStack", "width": 3, "kernel": None}
    return inner if depth == 0 else {"kind": "CompositeMemory", "memories": [nested(depth - 1)]}


CELL = {"kind": "GRU", "input_size": 4, "hidden_size": 6, "num_layers": 1}
REFUSED = {
    "num_layers must be an integer from 1 to 64, got 10000.": {"controller": CELL | {"num_layers": 10_000}},
    "hidden_size must be an integer from 1 to 65536, got 1000000.": {"controller": CELL | {"hidden_size": 10**6}},
    "input_size must be an integer from 1 to 65536, got True.": {"controller": CELL | {"input_size": True}},
    "vocab_size must be an integer from 1 to 1048576, got '5'.": {"vocab_size": "5"},
    "must name one of": {"controller": CELL | {"kind": "os.system"}},
    "a controller GRU has an unknown color.": {"controller": CELL | {"color": 3}},
    "a controller must be a mapping, got list.": {"controller": []},
    "width must be at most 65536, got 10000000.": {"memory": {"kind": "NeuralStack", "width": 10**7, "kernel": None}},
    "width must be of type <class 'int'>, got 'wide'.": {
        "memory": {"kind": "NeuralStack", "width": "wide", "kernel": None}
    },
    "a NeuralStack lacks kernel.": {"memory": {"kind": "NeuralStack", "width": 3}},
    "must name one of CompositeMemory, HardMixtureStacks": {"memory": 3},
    "the action_size of a memory must be at most 1048576": {
        "memory": {"kind": "NondeterministicStack", "states": 60_000, "symbols": 60_000}
    },
    "the parts of a memory must be at most 256": {
        "memory": {"kind": "SuperpositionStack", "width": 1, "stacks": 60_000, "depth_read": 1, "empty": -1.0}
    },
    "memories must be nested at most 4 deep": {"memory": nested(6)},
    "memories must have at most 256 parts, got 300.": {
        "memory": {"kind": "CompositeMemory", "memories": 300 * [nested(0)]}
    },
    "a machine must have at most 2147483648 weights": {"controller": CELL | {"hidden_size": 60_000}},
    "answer_from must be one of read, controller, both, got 'nowhere'.": {
        "connection": {"feedback": 0.0, "value_sees_input": True, "answer_from": "nowhere", "gate_scale": 1.0}
    },
    "dtype must be one of": {"dtype": "complex64"},
    "a machine has an unknown color.": {"color": 3},
}


@pytest.mark.parametrize("message", REFUSED)
def test_a_specification_that_is_wrong_or_too_large_is_refused_before_anything_is_built(message):
    with pytest.raises(ValueError, match=re.escape(message)):
        machine_from_spec(machine_spec(build()) | REFUSED[message])
