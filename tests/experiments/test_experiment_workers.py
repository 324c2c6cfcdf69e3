"""Experiments whose seeds are trained and measured by workers."""

from dataclasses import replace

import pytest

from neuralstack import LocalWorkers
from neuralstack.experiments import EXPERIMENTS, reproduce


def without_seconds(runs):
    return [{name: value for name, value in run.items() if "seconds" not in name} for run in runs]


@pytest.mark.slow
def test_workers_give_the_numbers_of_this_process(tmp_path):
    experiment = EXPERIMENTS["chomsky"].choose(tasks=["parity"], machines=["stack"], max_steps=20)
    lines = []
    here = reproduce(experiment, tmp_path / "here", quick=True, report=lambda line: None)
    with LocalWorkers(1) as workers:
        there = reproduce(experiment, tmp_path / "there", quick=True, executor=workers, report=lines.append)
    assert lines[0] == f"parity/stack/0: done, in {tmp_path / 'there' / 'parity' / 'stack' / '0'}"
    for name, variant in here["variants"].items():
        assert without_seconds(variant["runs"]) == without_seconds(there["variants"][name]["runs"])


def test_an_experiment_that_workers_cannot_find_is_refused(tmp_path):
    own = replace(EXPERIMENTS["counting"], name="own")
    with LocalWorkers(1) as workers, pytest.raises(ValueError, match="'own' is not in EXPERIMENTS"):
        reproduce(own, tmp_path, quick=True, executor=workers, report=lambda line: None)
