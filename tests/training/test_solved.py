"""The table of tasks that default settings solve: what it says is what was measured."""

import json
from pathlib import Path

import pytest

import neuralstack as ns
from neuralstack.training import SOLVED, TASK_RECIPES, recipe_name

DOCS = Path(__file__).parents[2] / "docs"
CHOMSKY = "results/chomsky.md"
WITH_STANDARD_RECIPE = [task for task in SOLVED if SOLVED[task].page != CHOMSKY]


def test_tasks_and_pages_exist():
    assert SOLVED.keys() <= ns.TASKS.keys()
    assert all((DOCS / solved.page).exists() for solved in SOLVED.values())


@pytest.mark.parametrize("task", WITH_STANDARD_RECIPE)
def test_a_count_of_seeds_is_that_of_the_results(task):
    solved = SOLVED[task]
    variants = json.loads((DOCS / solved.page).with_suffix(".json").read_text())["variants"]
    memory = solved.options.get("memory", "stack")
    variant = variants.get(f"{task}/{memory}") or variants[memory]
    assert (variant["solved"], variant["seeds"]) == (solved.seeds, solved.of)


@pytest.mark.parametrize("task", WITH_STANDARD_RECIPE)
def test_the_machine_of_the_results_is_the_default_one_but_for_the_options(task):
    solved = SOLVED[task]
    variants = json.loads((DOCS / solved.page).with_suffix(".json").read_text())["variants"]
    memory = solved.options.get("memory", "stack")
    trained = (variants.get(f"{task}/{memory}") or variants[memory])["config"]
    config = ns.complete(ns.configure(task, **solved.options))
    machine = {name: trained[name] for name in ("memory", "controller", "connection", "hidden_dim", "memory_dim")}
    assert {name: getattr(config.machine, name) for name in machine} == machine
    assert trained["restart_after"] == config.stopping.restart_after
    assert trained["learning_rate"] == config.optimizer.learning_rate
    assert trained["max_steps"] <= config.max_steps


def test_a_count_of_seeds_of_a_recipe_is_that_of_the_results():
    variants = json.loads((DOCS / CHOMSKY).with_suffix(".json").read_text())["variants"]
    runs = {task: variants[f"{task}/ours"]["runs"] for task in TASK_RECIPES if f"{task}/ours" in variants}
    counts = {task: (sum(run["score"] >= 99 for run in runs[task]), len(runs[task])) for task in runs}
    assert counts == {task: SOLVED[task][:2] for task in SOLVED if SOLVED[task].page == CHOMSKY}


@pytest.mark.parametrize("task", ns.TASKS)
def test_a_task_has_the_memory_of_its_own_recipe_or_the_standard_one_or_none_yet(task):
    name = recipe_name(task)
    if task in TASK_RECIPES:
        assert name == ns.configure(task).machine.memory
    else:
        assert name.startswith("standard") is (task in SOLVED)
        assert name != "none yet" or task not in SOLVED
