"""Experiments whose seeds are trained and measured by workers."""

import json
from dataclasses import replace

import pytest

from neuralstack import LocalWorkers
from neuralstack.experiments import EXPERIMENTS, reproduce

pytest_plugins = ("small_runs",)


def without_seconds(path):
    """The numbers of a result file, apart from those that differ between two equal runs."""
    variants = json.loads((path / "result.json").read_text())["variants"]
    for variant in variants.values():
        variant["runs"] = [
            {name: value for name, value in run.items() if "seconds" not in name} for run in variant["runs"]
        ]
    return variants


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """The directory of an experiment that was trained in this process."""
    path = tmp_path_factory.mktemp("here") / "parity"
    experiment = EXPERIMENTS["chomsky"].choose(tasks=["parity"], machines=["stack"], max_steps=20)
    reproduce(experiment, path, quick=True, report=lambda line: None)
    return path


@pytest.mark.slow
def test_workers_give_the_numbers_of_this_process(tmp_path, here):
    experiment = EXPERIMENTS["chomsky"].choose(tasks=["parity"], machines=["stack"], max_steps=20)
    lines = []
    with LocalWorkers(1) as workers:
        reproduce(experiment, tmp_path / "there", quick=True, executor=workers, report=lines.append)
    assert lines[0] == f"parity/stack/0: done, in {tmp_path / 'there' / 'parity' / 'stack' / '0'}"
    assert without_seconds(tmp_path / "there") == without_seconds(here)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_dask_cluster_gives_the_numbers_of_this_process(tmp_path, here, call):
    distributed = pytest.importorskip("distributed")  # of the extra for clusters
    chosen = ("--tasks", "parity", "--machines", "stack", "--max-steps", 20, "--out", tmp_path / "there")
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as cluster:
        status, out, _ = call("reproduce", "chomsky", "--quick", *chosen, "--dask", cluster.scheduler_address)
    assert status == 0
    assert out.startswith(f"parity/stack/0: done, in {tmp_path / 'there' / 'parity' / 'stack' / '0'}")
    assert without_seconds(tmp_path / "there") == without_seconds(here)


def test_an_experiment_that_workers_cannot_find_is_refused(tmp_path):
    own = replace(EXPERIMENTS["counting"], name="own")
    with LocalWorkers(1) as workers, pytest.raises(ValueError, match="'own' is not in EXPERIMENTS"):
        reproduce(own, tmp_path, quick=True, executor=workers, report=lambda line: None)
