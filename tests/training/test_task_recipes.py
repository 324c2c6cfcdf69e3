"""Recipes of single tasks: when they apply, and that they solve their task."""

import pytest

import neuralstack as ns
from neuralstack.training import TASK_RECIPES


@pytest.mark.parametrize("task", TASK_RECIPES)
def test_a_recipe_is_a_configuration_that_can_be_trained(task):
    config = ns.complete(ns.configure(task))
    assert config.quantization is not None
    assert config == ns.complete(ns.configure(task, **TASK_RECIPES[task]))


def test_an_option_takes_the_place_of_that_of_the_recipe():
    config = ns.configure("parity", max_steps=7, curriculum="uniform")
    assert (config.max_steps, config.curriculum) == (7, ns.Uniform())
    assert config.machine.controller == "multiplicative"


@pytest.mark.parametrize("chosen", [{"memory": "stack"}, {"controller": "gru"}, {"connection": "layer"}])
def test_who_chooses_another_machine_gets_none_of_the_recipe(chosen):
    assert ns.configure("parity", **chosen) == ns.training.with_options(ns.Config("parity"), **chosen)


# One or two of each recipe, and the longest sources of training and test: all, or enough to learn the task from.
LONGEST = {
    "even-pairs": (40, 500),
    "stack-manipulation": (16, 192),
    "duplicate-string": (16, 192),
    "modular-arithmetic-brackets": (40, 500),
}
EXTRA_STEPS = {"modular-arithmetic-brackets": 4000}


@pytest.mark.slow
@pytest.mark.parametrize("task", LONGEST)
def test_a_recipe_makes_a_machine_that_answers_far_beyond_its_training_lengths(task, tmp_path, optimized):
    trained, tested = LONGEST[task]
    config = ns.configure(task, max_length=trained, extra_steps=EXTRA_STEPS.get(task, 0))
    ns.train(config, tmp_path / "run", show=False)
    report = ns.evaluate(ns.load(tmp_path / "run"), ns.TASKS[task](), (trained + 1, tested), 200)
    assert report.coarse >= 0.95
