"""Gates that are fitted before training, so that the memory fills and ends up empty."""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neuralstack as ns
from neuralstack.memories import AbstractMemory
from neuralstack.training import Run, begin, complete, configure, join_model, resume, step_spec, train
from small import OPTIONS

pytest_plugins = ("small_runs",)

KEY = jax.random.key(0)
CONNECTION = "skip(feedback=1.0, gates_see_input=True, gates_see_state=False)"
BRACKETS = replace(ns.TASKS["modular-arithmetic-brackets"](), max_length=20)


def machine_for(task: ns.AbstractTask, memory: AbstractMemory, **options) -> ns.Machine:
    connection = ns.Connection(gates_see_state=False, **{"gates_see_input": True} | options)
    return ns.Machine(ns.Elman(16, 8, key=KEY), memory, task.vocab_size, connection=connection, key=KEY)


def strengths_by_symbol(machine, task, source):
    action = jax.jit(lambda machine, tokens: machine.trace(tokens))(machine, jnp.array(task.encode(source))).action
    return dict(zip(source, np.stack([action.push, action.pop], axis=-1).round().astype(int).tolist(), strict=True))


@pytest.mark.parametrize("key", range(3))
def test_opening_brackets_come_to_push_and_closing_ones_to_pop(key):
    machine = machine_for(BRACKETS, ns.NeuralStack(16))
    started = ns.balanced_start(machine, BRACKETS, key=jax.random.key(key))
    strengths = strengths_by_symbol(started, BRACKETS, "(1+2)-(3-(4+0))")
    assert (strengths.pop("("), strengths.pop(")")) == ([1, 0], [0, 1])
    assert set(map(tuple, strengths.values())) == {(0, 0)}


@pytest.mark.slow
def test_a_queue_of_a_composite_memory_fills_as_the_stack_beside_it_does():
    task = replace(ns.TASKS["reverse-string"](), max_length=10)
    memory = ns.CompositeMemory(ns.NeuralStack(16), ns.NeuralQueue(16))
    started = ns.balanced_start(machine_for(task, memory), task, key=KEY)
    inputs = jnp.array(task.example([0, 1, 1, 0], [0, 1, 1, 0]).inputs)
    actions = jax.jit(lambda machine: machine.trace(inputs))(started).action
    for action in actions:
        assert action.push.round()[:4].tolist() == [1] * 4
        assert action.pop.round()[4:8].tolist() == [1] * 4


def test_only_the_gates_change_and_the_same_key_gives_the_same_gates():
    machine = machine_for(BRACKETS, ns.NeuralStack(16))
    one, same, other = (ns.balanced_start(machine, BRACKETS, key=jax.random.key(key)) for key in (1, 1, 2))
    assert eqx.tree_equal(one, same)
    assert not eqx.tree_equal(one, other)
    gates = lambda machine: (machine.direct.gates_from_input, machine.action_bias)  # noqa: E731
    assert eqx.tree_equal(eqx.tree_at(gates, one, gates(machine)), machine)


class OwnModule(eqx.Module):
    def __call__(self, tokens):
        return jax.nn.one_hot(tokens, BRACKETS.vocab_size)


REFUSED = {
    "needs gates that see the input: set gates_see_input": lambda: machine_for(
        BRACKETS, ns.NeuralStack(16), gates_see_input=False, gates_see_read=True
    ),
    "needs a memory with total_strengths(action), such as a stack or a queue, got Tape": lambda: machine_for(
        BRACKETS, ns.Tape(16)
    ),
    "needs a Machine, got OwnModule": OwnModule,
}


@pytest.mark.parametrize("message", REFUSED)
def test_machines_without_such_gates_are_refused(message, unchecked_types):
    with pytest.raises(ValueError, match=message.replace("(", r"\(").replace(")", r"\)")):
        ns.balanced_start(REFUSED[message](), BRACKETS, key=KEY)


def test_a_configuration_that_cannot_have_it_is_refused():
    with pytest.raises(ValueError, match="needs gates that see the input"):
        complete(configure("reversal", balanced_start=True))
    with pytest.raises(ValueError, match="a text has no end"):
        complete(configure("characters", balanced_start=True))


def test_every_attempt_of_a_run_starts_from_fitted_gates_of_its_own():
    options = {"memory_dim": 16, "connection": CONNECTION, "max_length": 10, "balanced_start": True}
    config = complete(configure("modular-arithmetic-brackets", memory="stack", **options))
    spec = step_spec(config)
    first, second = (join_model(begin(config, attempt).model, spec.structure) for attempt in (0, 1))
    for machine in (first, second):
        strengths = strengths_by_symbol(machine, BRACKETS, "((1))")
        assert (strengths["("], strengths[")"]) == ([1, 0], [0, 1])
    assert not np.array_equal(first.direct.gates_from_input, second.direct.gates_from_input)
    plain = join_model(begin(replace(config, balanced_start=False)).model, spec.structure)
    np.testing.assert_array_equal(plain.embedding, first.embedding)


@pytest.mark.slow
def test_the_command_line_starts_balanced_and_names_the_option_when_it_cannot(call, tmp_path):
    options = [*OPTIONS, "--max-steps", 2, "--evaluate-every", 2, "--balanced-start", "on"]
    done = call(*options, "--connection", "skip(gates_see_input=True)", "--out", tmp_path / "run")
    assert done[0] == 0
    assert Run.open(tmp_path / "run").config().balanced_start
    status, out, err = call(*options, "--out", tmp_path / "other")
    assert (status, out, err.count("\n")) == (2, "", 1)


@pytest.mark.slow
def test_a_run_that_was_interrupted_resumes_bit_for_bit(tmp_path):
    options = {"memory_dim": 16, "hidden_dim": 8, "connection": CONNECTION, "max_length": 10, "balanced_start": True}
    config = configure("modular-arithmetic-brackets", memory="stack", evaluate_every=5, **options)
    train(replace(config, max_steps=10), tmp_path / "whole", show=False)
    train(replace(config, max_steps=5), tmp_path / "parts", show=False)
    resume(tmp_path / "parts", max_steps=10, show=False)
    whole, parts = (Run.open(tmp_path / name).load_model() for name in ("whole", "parts"))
    assert eqx.tree_equal(whole, parts)


class OfFourSymbols(ns.Reversal):
    train_lengths = (4, 4)


def test_a_task_shorter_than_its_usual_training_lengths_is_fitted_on_its_longest_sources():
    short, of_four = (kind(4, alphabet="ab") for kind in (ns.Reversal, OfFourSymbols))
    assert short.train_lengths[0] > 4
    machine = machine_for(short, ns.NeuralStack(16))
    assert eqx.tree_equal(*(ns.balanced_start(machine, task, key=KEY) for task in (short, of_four)))
