from dataclasses import replace

import jax
import jax.numpy as jnp
import pytest

from neuralstack import complete, train
from neuralstack.training import HEALTHY, Run, begin, with_options
from small import SMALL, all_finite, assert_same_leaves, contents, with_huge_weights

pytest_plugins = ("small_runs",)

CONFIG = with_options(SMALL, max_steps=20, evaluate_every=5)


def with_silent_weights(state):
    """Return a state of which no weight makes any difference."""
    return replace(state, model=jax.tree.map(jnp.zeros_like, state.model))


@pytest.fixture
def exploded(tmp_path):
    """Returns a run that was trained for some steps, and whose weights then became huge, or what else is said."""

    def exploded(steps, change=with_huge_weights):
        run = Run.create(tmp_path / "run", complete(with_options(CONFIG, max_steps=max(steps, 1))))
        if steps:
            train(with_options(CONFIG, max_steps=steps), run.path, resume=True, show=False)
        run.save_checkpoint(change(run.load_checkpoint()))
        return run

    return exploded


def test_a_training_that_leaves_the_finite_numbers_stops_and_says_so(exploded):
    outcome = train(CONFIG, exploded(10).path, resume=True, show=False)
    assert (outcome.status, outcome.steps) == ("failed", 10)
    assert outcome.message == (
        "stopped at step 10: the loss or its gradient is not a finite number; lower the learning rate or the largest "
        "gradient norm; the last good weights are kept"
    )


def test_a_failed_training_keeps_the_best_model_and_the_weights_before_the_step_that_failed(exploded):
    run = exploded(10)
    before, model = run.load_checkpoint(), run.file("model.safetensors").read_bytes()
    assert train(CONFIG, run.path, resume=True, show=False).status == "failed"
    after = run.load_checkpoint()
    assert all_finite((after.model, after.optimizer))
    assert_same_leaves((after.model, after.optimizer), (before.model, before.optimizer))
    assert (after.step, after.failure) == (10, HEALTHY)
    assert run.file("model.safetensors").read_bytes() == model
    assert [record["step"] for record in run.metrics()] == [5, 10]


def test_a_training_that_fails_before_its_first_evaluation_keeps_the_weights_it_had(exploded):
    run = exploded(0)
    assert train(CONFIG, run.path, resume=True, show=False).status == "failed"
    assert run.metrics() == []
    assert_same_leaves(run.load_model(), with_huge_weights(begin(complete(CONFIG))).model)


def test_a_failed_training_fails_again_when_it_is_resumed(exploded):
    run = exploded(5)
    train(CONFIG, run.path, resume=True, show=False)
    before = contents(run.path)
    outcome = train(CONFIG, run.path, resume=True, show=False)
    assert (outcome.status, outcome.steps) == ("failed", 5)
    assert contents(run.path)["model.safetensors"] == before["model.safetensors"]
    assert all_finite(run.load_checkpoint().model)


def test_a_training_whose_gradient_has_vanished_stops_and_says_so(exploded):
    run = exploded(10, with_silent_weights)
    outcome = train(CONFIG, run.path, resume=True, show=False)
    assert (outcome.status, outcome.steps) == ("failed", 10)
    assert (
        "the gradient has vanished; try a lower learning rate, another seed, or the connection 'layer'"
        in outcome.message
    )
    assert run.load_checkpoint().failure == HEALTHY
