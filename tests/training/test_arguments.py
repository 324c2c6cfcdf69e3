"""Objects that cannot be trained together are refused with an error that says what is needed."""

import jax
import jax.numpy as jnp
import optax
import pytest

import neuralstack as ns

KEY = jax.random.key(0)
TASK = ns.Reversal(max_length=4, alphabet="ab")


def machine(vocab_size=TASK.vocab_size):
    return ns.Machine(ns.GRU(4, 4, key=KEY), ns.NeuralStack(4), vocab_size, key=KEY)


def fit(model=None, task=TASK, **options):
    return ns.fit(machine() if model is None else model, task, **{"max_steps": 1, "key": KEY} | options)


WRONG_KINDS = {
    "task": (lambda: fit(task="reversal"), r"task must be an object such as ns.Reversal\(\), got the name 'reversal'"),
    "model": (lambda: fit("gru"), "model must be an object such as ns.Machine.*, got the name 'gru'"),
    "class": (lambda: fit(ns.Machine), "got the class Machine"),
    "objective": (lambda: fit(objective="supervised"), r"such as ns.Supervised\(\), got the name 'supervised'"),
    "curriculum": (lambda: fit(curriculum=ns.Warmup), r"such as ns.Warmup\(\(8, 16\)\), got the class Warmup"),
    "optimizer": (lambda: fit(optimizer=1e-2), r"such as optax.adam\(1e-2\), got an object of type float"),
    "key": (lambda: fit(key=3), r"key must be a random key such as jax.random.key\(0\), got 3"),
    "config": (lambda: ns.train("reversal", "nowhere"), r"config must be an object such as ns.Config\(\"reversal\"\)"),
    "sweep": (lambda: ns.grid("reversal", seeds=2), r"config must be an object such as ns.Config"),
    "harden": (lambda: ns.harden("runs/demo"), "machine must be an object .* got the name 'runs/demo'"),
    "trace": (lambda: ns.trace("runs/demo", TASK, "ab"), "machine must be an object .* got the name 'runs/demo'"),
    "predict": (lambda: ns.predict(machine(), "ab", "reversal"), "task must be an object .* got the name 'reversal'"),
}
WRONG_NUMBERS = {
    "vocabulary": (lambda: fit(machine(vocab_size=3)), r"logits \[steps, 5\].*gives \(130, 3\)"),
    "logits": (lambda: fit(lambda tokens: jnp.ones((len(tokens), 3))), r"logits \[steps, 5\].*gives \(130, 3\)"),
    "no logits": (lambda: fit(lambda tokens: (tokens, tokens)), "gives tuple"),
    "objective": (lambda: fit(objective=ns.Supervised(input_noise=-1.0)), "input_noise must be .* at least 0"),
    "curriculum": (lambda: fit(curriculum=ns.Linear(steps=0)), "steps must be .* at least 1"),
}


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(("call", "message"), WRONG_KINDS.values(), ids=WRONG_KINDS)
def test_an_argument_of_another_kind_is_refused(call, message):
    with pytest.raises(TypeError, match=message):
        call()


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(("call", "message"), WRONG_NUMBERS.values(), ids=WRONG_NUMBERS)
def test_objects_that_do_not_suit_each_other_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_sweep_that_nobody_can_run_is_refused_before_anything_is_built(tmp_path):
    with pytest.raises(ValueError, match=r"these 10000 trainings need about .* GiB of memory .* or fewer seeds"):
        ns.sweep(ns.grid(ns.configure("reversal", hidden_dim=1000), seeds=10_000), tmp_path / "sweep")
    with pytest.raises(ValueError, match="at most 10000, got 99999999"):
        ns.sweep(ns.grid(ns.Config("reversal"), seeds=99_999_999), tmp_path / "sweep")
    assert not (tmp_path / "sweep").exists()


def test_any_module_from_tokens_to_logits_is_accepted():
    logits = jnp.zeros(TASK.vocab_size)
    assert ns.training.prepare(lambda tokens: jnp.tile(logits, (len(tokens), 1)), TASK, optimizer=optax.sgd(1), key=KEY)
