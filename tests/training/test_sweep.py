import csv
import json
from dataclasses import replace

import jax
import numpy as np
import pytest

from neuralstack import complete, grid, load, success_interval, sweep, train
from neuralstack.training import (
    Outcome,
    Run,
    SweepMember,
    begin,
    resume_sweep,
    step_spec,
    train_each,
    train_until,
    with_options,
)
from small import SMALL, assert_same_leaves, assert_same_run, contents, numbers

pytest_plugins = ("small_runs",)

CONFIG = with_options(SMALL, max_steps=20, evaluate_every=10, restart_after=6)
SEEDS = 3


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    path = tmp_path_factory.mktemp("population") / "runs"
    return path, sweep(grid(CONFIG, seeds=SEEDS), path, show=False)


@pytest.mark.slow
@pytest.mark.parametrize(("count", "mapped"), [(2, False), pytest.param(3, True, marks=pytest.mark.slow)])
def test_states_trained_together_over_two_devices_are_those_trained_alone(count, mapped):
    configs = [complete(with_options(CONFIG, seed=seed, learning_rate=0.01 * (1 + seed))) for seed in range(count)]
    states, program = [begin(config) for config in configs], step_spec(configs[0])
    assert jax.device_count() == 2
    until = [3, 0, 5][:count]
    together = train_each(states, program, until, mapped=mapped)
    for state, stop, got in zip(states, until, together, strict=True):
        alone = train_until(state, program, np.int32(stop))
        assert got.step == stop
        for one, other in zip(jax.tree.leaves(got), jax.tree.leaves(alone), strict=True):
            np.testing.assert_allclose(numbers(one), numbers(other), rtol=1e-3, atol=1e-4)


def test_every_member_is_a_run_of_its_own_seed(trained):
    path, population = trained
    assert [member.name for member in population.members] == ["seed-0", "seed-1", "seed-2"]
    for seed, member in enumerate(population.members):
        run = Run.open(path / member.name)
        assert run.config() == complete(with_options(CONFIG, seed=seed))
        assert [record["step"] for record in run.metrics()] == [10, 20]
        assert (member.seed, member.outcome.status, member.outcome.steps) == (seed, "done", 20)


def test_restarts_are_counted_for_each_member(trained):
    _, population = trained
    assert [member.outcome.restarts for member in population.members] == [3, 3, 3]


def test_the_best_member_by_validation_is_a_run_in_the_populations_directory(trained):
    path, population = trained
    best = path / population.best.name
    assert population.best.validation["fine"] == max(member.validation["fine"] for member in population.members)
    assert_same_leaves(load(path), load(best))
    assert Run.open(path).config().seed == population.best.seed
    assert_same_run(Run(path), Run(best))


def test_the_summary_says_what_became_of_each_and_how_many_succeeded(trained):
    path, population = trained
    summary = json.loads((path / "sweep.json").read_text())
    assert (summary["solved"], summary["of"]) == (0, SEEDS)
    assert summary["interval"] == list(success_interval(0, SEEDS)) == list(population.interval)
    assert [member["name"] for member in summary["members"]] == [member.name for member in population.members]
    assert summary["members"][1]["restarts"] == 3
    assert summary["best"] == population.best.name


def test_the_summary_has_a_flat_row_for_each_and_counts_for_each_combination(trained):
    path, _ = trained
    summary = json.loads((path / "summary.json").read_text())
    assert summary["groups"] == [{"solved": 0, "of": SEEDS, "interval": list(success_interval(0, SEEDS))}]
    with open(path / "summary.csv") as file:
        rows = [*csv.DictReader(file)]
    assert [row["name"] for row in rows] == ["seed-0", "seed-1", "seed-2"]
    assert (rows[1]["seed"], rows[1]["status"], rows[1]["steps"], rows[1]["restarts"]) == ("1", "done", "20", "3")
    assert float(rows[1]["validation_fine"]) == summary["rows"][1]["validation_fine"]


@pytest.mark.slow
def test_a_member_counts_as_solved_when_its_validation_was_perfect(tmp_path, learned_machine):
    config = with_options(CONFIG, hidden_dim=64, memory_dim=64, max_steps=2, learning_rate=1e-6)
    for seed in (0, 1):  # the second one has learned already
        own = complete(with_options(config, seed=seed))
        state, run = begin(own), Run.create(tmp_path / "runs" / f"seed-{seed}", own)
        run.save_checkpoint(replace(state, model=learned_machine) if seed else state)
    population = sweep(grid(config, seeds=2), tmp_path / "runs", show=False)
    assert [member.validation["coarse"] for member in population.members] == [0, 1]
    assert (population.solved, population.best.seed) == (1, 1)


@pytest.mark.parametrize(("coarse", "solved"), [(1.0, True), (0.999, False)])
def test_a_member_is_solved_by_every_sequence_only(coarse, solved):
    done = Outcome("done", "", 10, 0, 1.0, True)
    assert SweepMember("seed-0", 0, 0.01, done, {"coarse": coarse, "fine": 1.0}).solved is solved


def test_of_members_that_did_alike_one_that_did_not_fail_is_the_best(tmp_path):
    cells = grid(with_options(CONFIG, max_steps=4), learning_rate=(1e6, 1e-6))
    population = sweep(cells, tmp_path / "runs", show=False)
    assert [member.outcome.status for member in population.members] == ["failed", "done"]
    assert population.best.name == "seed-0-rate-1e-06"


@pytest.mark.slow
def test_each_seed_is_trained_with_each_learning_rate(tmp_path):
    config = with_options(CONFIG, max_steps=2, evaluate_every=2, seed=5)
    population = sweep(grid(config, seeds=2, learning_rate=(0.01, 0.5)), tmp_path / "runs", show=False)
    names = ["seed-5-rate-0.01", "seed-6-rate-0.01", "seed-5-rate-0.5", "seed-6-rate-0.5"]
    assert [member.name for member in population.members] == names
    assert [(member.seed, member.learning_rate) for member in population.members] == [
        (5, 0.01), (6, 0.01), (5, 0.5), (6, 0.5),
    ]  # fmt: skip
    first, *_, last = (load(tmp_path / "runs" / name).embedding for name in names)
    assert not np.allclose(first, last)


@pytest.mark.slow
def test_a_population_grows_when_it_is_resumed_with_more_seeds(tmp_path, trained):
    path = tmp_path / "runs"
    sweep(grid(CONFIG, seeds=2), path, show=False)
    before = contents(path / "seed-0")
    population = resume_sweep(path, seeds=SEEDS, show=False)
    assert len(population.members) == SEEDS
    assert contents(path / "seed-0") == before
    assert json.loads((path / "sweep.json").read_text())["of"] == SEEDS


def test_a_directory_that_holds_something_else_is_refused(trained):
    path, population = trained
    before = contents(path)
    with pytest.raises(ValueError, match="exists and is not empty: choose another one, resume"):
        sweep(grid(CONFIG), path / population.best.name, show=False)
    assert contents(path) == before


def test_the_same_call_again_trains_nothing_and_gives_the_same_result(trained):
    path, population = trained
    before = contents(path)
    assert sweep(grid(CONFIG, seeds=SEEDS), path, show=False) == population
    assert contents(path) == before


def test_a_cell_of_another_configuration_is_refused_by_name(trained):
    path, _ = trained
    before = contents(path)
    with pytest.raises(ValueError, match=r"seed-1' was started with batch_size=25, not 26: resume it"):
        sweep({"seed-1": with_options(CONFIG, batch_size=26, seed=1)}, path, show=False)
    assert contents(path) == before


def test_a_grid_has_every_combination_and_names_it():
    cells = grid(CONFIG, seeds=2, memory=("stack", "queue"), learning_rate=(0.1, 0.2))
    assert len(cells) == 8
    assert cells["seed-1-memory-queue-rate-0.2"] == with_options(CONFIG, seed=1, memory="queue", learning_rate=0.2)


BAD_GRIDS = {
    "no seed": ({"seeds": 0}, "seeds must be at least 1 and at most 10000, got 0"),
    "a value twice": ({"learning_rate": (0.1, 0.1)}, r"learning_rate must have every value only once, got 0\.1, 0\.1"),
    "one value": ({"memory": "queue"}, "memory must be a list of values to try, got 'queue'"),
    "no value": ({"memory": ()}, r"memory must be a list of values to try, got \(\)"),
    "seeds by name": ({"seed": (1, 2)}, "a grid has consecutive seeds: give their number as seeds"),
    "an unknown option": ({"memery": ("stack",)}, "unknown option 'memery': did you mean 'memory'"),
    "one name for two": ({"text": ("a/b", "a_b")}, "two configurations of the grid are called 'seed-0-text-a_b'"),
}


@pytest.mark.parametrize(("options", "message"), BAD_GRIDS.values(), ids=BAD_GRIDS)
def test_a_grid_without_sense_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        grid(CONFIG, **options)


BAD_SWEEPS = {
    "nothing": ({}, "a sweep needs at least one configuration, got none"),
    "a name with a slash": ({"a/b": CONFIG}, "configs must be named like directories, such as 'seed-0', got 'a/b'"),
    "a bad number": ({"a": with_options(CONFIG, batch_size=0)}, "batch_size must be a whole number"),
}


@pytest.mark.parametrize(("configs", "message"), BAD_SWEEPS.values(), ids=BAD_SWEEPS)
def test_a_sweep_that_cannot_be_trained_leaves_nothing(tmp_path, configs, message):
    with pytest.raises(ValueError, match=message):
        sweep(configs, tmp_path / "runs", show=False)
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_a_population_of_one_is_the_run_alone(tmp_path):
    config = with_options(CONFIG, max_steps=10)
    sweep([config], tmp_path / "runs", show=False)
    train(config, tmp_path / "alone", show=False)
    assert_same_run(Run(tmp_path / "runs" / "cell-0"), Run(tmp_path / "alone"))
