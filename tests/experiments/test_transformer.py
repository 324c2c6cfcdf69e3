"""The experiment of Transformers with and without a memory, on results made by hand and on tiny runs."""

from dataclasses import replace

import pytest

from neuralstack import complete
from neuralstack.experiments import EXPERIMENTS, Quick, reproduce

EXPERIMENT = EXPERIMENTS["transformer"]


def run_with(seed, *shares, seconds=10.0):
    """The result of one seed: its share of whole answers at the training lengths, at twice and at four times these."""
    bands = {
        name: {"coarse": share, "token": 1.0} for name, share in zip(("train", "test", "far"), shares, strict=True)
    }
    by_length = {str(length): shares[length // 10] for length in range(1, 30)}
    return {"seed": seed, "seconds": seconds, "score": shares[0], "by_length": by_length, **bands}


RUNS = [run_with(0, 1.0, 0.99, 0.3), run_with(1, 0.9, 1.0, 1.0, seconds=30.0), run_with(2, 0.98, 0.5, 0.0)]


def result_of(*runs):
    labels = {"none": "Transformer", "stack": "with a stack"}
    return {
        "variants": {
            f"reversal/{name}": {"label": label, "group": "reversal", "runs": runs, **EXPERIMENT.summarize(runs)}
            for name, label in labels.items()
        }
    }


def test_seeds_are_counted_in_each_band_and_the_best_is_chosen_by_the_training_lengths():
    summary = EXPERIMENT.summarize(RUNS)
    assert [summary[f"solved_{name}"] for name in ("train", "test", "far")] == [1, 2, 1]
    assert (summary["best"]["seed"], summary["median_seconds"]) == (0, 10.0)
    shares, counts = EXPERIMENT.tables(result_of(*RUNS))
    assert shares.rows[0] == ("reversal", "Transformer", "1.000", "0.990", "0.300")
    assert counts.rows[1] == ("reversal", "with a stack", "1 of 3", "2 of 3", "1 of 3", "10")
    assert max(len(line) for table in (shares, counts) for line in table.text(80).splitlines()) <= 80


def test_the_shares_of_whole_answers_are_drawn_by_length(tmp_path):
    for draw in EXPERIMENT.figures:
        draw(result_of(*RUNS), tmp_path)
    assert (tmp_path / "lengths.png").stat().st_size > 5000


def test_each_task_is_learned_with_and_without_a_memory():
    configs = [complete(variant.config) for variant in EXPERIMENT.variants]
    memories = {}
    for config in configs:
        memories.setdefault(config.task, []).append(config.machine.memory)
    assert all(len(of_task) > 1 and of_task[0] == "none" for of_task in memories.values())
    assert {config.machine.controller for config in configs} == {"transformer"}


@pytest.mark.slow
def test_it_is_measured_beyond_the_training_lengths(tmp_path):
    tiny = {"hidden_dim": 8, "memory_dim": 4, "batch_size": 4, "max_steps": 2, "max_length": 4, "evaluate_every": 2}
    chosen = [variant.shortened(**tiny) for variant in EXPERIMENT.variants if variant.name == "reversal/stack"]
    small = replace(EXPERIMENT, variants=chosen, quick=Quick(chosen), parallel=False)
    run = reproduce(small, tmp_path, report=lambda line: None)["variants"]["reversal/stack"]["runs"][0]
    assert set(run["by_length"]) == {str(length) for length in range(1, 17)}
    assert {"train", "test", "far"} <= run.keys()
