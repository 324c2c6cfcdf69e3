from dataclasses import replace

import jax.numpy as jnp
import pytest

from neuralstack import complete, train
from neuralstack.training import HEALTHY, VANISHED, Run, _members as members, begin, with_options
from small import SMALL, all_finite, assert_same_leaves, contents, with_huge_weights

pytest_plugins = ("small_runs",)

CONFIG = with_options(SMALL, max_steps=20, evaluate_every=5)


@pytest.fixture
def explode_at(monkeypatch):
    """Make the weights huge once training has reached a step."""
    compute = members.train_until

    def set_up(step):
        def train_until(state, program, until):
            return compute(with_huge_weights(state) if state.step == step < until else state, program, until)

        monkeypatch.setattr(members, "train_until", train_until)

    return set_up


def test_a_training_that_leaves_the_finite_numbers_stops_and_says_so(tmp_path, explode_at):
    explode_at(10)
    outcome = train(CONFIG, tmp_path / "run", show=False)
    assert (outcome.status, outcome.steps) == ("failed", 10)
    assert outcome.message == (
        "stopped at step 10: the loss or its gradient is not a finite number; lower the learning rate or the largest "
        "gradient norm; the last good weights are kept"
    )


def test_a_failed_training_keeps_the_best_model_and_the_weights_before_the_step_that_failed(tmp_path, explode_at):
    train(with_options(CONFIG, max_steps=10), tmp_path / "run", show=False)
    run = Run(tmp_path / "run")
    before, model = run.load_checkpoint(), run.file("model.safetensors").read_bytes()
    explode_at(10)
    assert train(CONFIG, run.path, resume=True, show=False).status == "failed"
    after = run.load_checkpoint()
    assert all_finite((after.model, after.optimizer))
    assert_same_leaves(after.model, with_huge_weights(before).model)
    assert_same_leaves(after.optimizer, before.optimizer)
    assert (after.step, after.failure) == (10, HEALTHY)
    assert run.file("model.safetensors").read_bytes() == model
    assert [record["step"] for record in run.metrics()] == [5, 10]


def test_a_training_that_fails_before_its_first_evaluation_keeps_the_weights_it_had(tmp_path, explode_at):
    explode_at(0)
    assert train(CONFIG, tmp_path / "run", show=False).status == "failed"
    run = Run(tmp_path / "run")
    assert run.metrics() == []
    assert_same_leaves(run.load_model(), with_huge_weights(begin(complete(CONFIG))).model)


def test_a_failed_training_fails_again_when_it_is_resumed(tmp_path, explode_at):
    explode_at(5)
    train(CONFIG, tmp_path / "run", show=False)
    before = contents(tmp_path / "run")
    explode_at(-1)
    outcome = train(CONFIG, tmp_path / "run", resume=True, show=False)
    assert (outcome.status, outcome.steps) == ("failed", 5)
    after = contents(tmp_path / "run")
    assert after["model.safetensors"] == before["model.safetensors"]
    assert all_finite(Run(tmp_path / "run").load_checkpoint().model)


def test_a_training_whose_gradient_has_vanished_stops_and_says_so(tmp_path, monkeypatch):
    compute = members.train_until

    def vanish(state, program, until):
        state = compute(state, program, until)
        return replace(state, failure=jnp.asarray(VANISHED, jnp.int32)) if state.step == 10 else state

    monkeypatch.setattr(members, "train_until", vanish)
    outcome = train(CONFIG, tmp_path / "run", show=False)
    assert (outcome.status, outcome.steps) == ("failed", 10)
    assert (
        "the gradient has vanished; try a lower learning rate, another seed, or the connection 'layer'"
        in outcome.message
    )
    assert Run(tmp_path / "run").load_checkpoint().failure == HEALTHY
