"""Sweeps by a Dask cluster on this computer, and what can happen to its scheduler and its workers."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from cells import TINY, assert_as_if_alone, holders, random_kills, wait_for
from neuralstack import grid, sweep
from neuralstack.training import dask_executor, require_same_version

distributed = pytest.importorskip("distributed")  # of the extra for clusters
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]


def test_twelve_cells_on_workers_that_are_killed_at_random_are_as_if_alone(tmp_path):
    cells, path = grid(TINY, seeds=6, learning_rate=(0.01, 0.02)), tmp_path / "runs"
    local = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with (
        distributed.LocalCluster(**local) as cluster,
        distributed.Client(cluster) as client,
        random_kills(path, 4) as killed,
    ):
        result = sweep(cells, path, executor=client.get_executor(), show=False)
    assert len(killed) == 4
    assert [member.outcome.status for member in result.members] == ["done"] * 12
    assert_as_if_alone(cells, path, tmp_path / "alone")


@contextmanager
def scheduler_and_worker(tmp_path, **environment):
    """Start a scheduler and a worker as users do, and yield the scheduler's process and address."""
    file = tmp_path / "scheduler.json"
    common = ["--scheduler-file", str(file), "--no-dashboard"]
    programs = (
        ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"],
        ["distributed.cli.dask_worker", "--nthreads", "1", "--no-nanny"],
    )
    processes = []
    try:
        for program, more in zip(programs, ({}, environment), strict=True):
            command = [sys.executable, "-P", "-W", "ignore", "-m", *program, *common]
            processes.append(subprocess.Popen(command, env={**os.environ, **more}, stderr=subprocess.DEVNULL))
            wait_for(file.exists)
        yield processes[0], wait_for(lambda: json.loads(file.read_text() or "{}").get("address"))
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_a_scheduler_that_is_killed_ends_the_sweep_in_one_line_and_loses_nothing(tmp_path):
    cells, path = grid(TINY, seeds=3), tmp_path / "runs"
    with (
        scheduler_and_worker(tmp_path) as (scheduler, address),
        ThreadPoolExecutor(1) as thread,
        dask_executor(address) as executor,
    ):
        ending = thread.submit(sweep, cells, path, executor=executor, show=False)
        wait_for(lambda: holders(path))
        scheduler.send_signal(signal.SIGKILL)
        killed = time.monotonic()
        with pytest.raises(ConnectionError, match="the Dask scheduler does not answer any more; nothing that was"):
            ending.result()
        assert time.monotonic() - killed < 90
    wait_for(lambda: not any(pid_lives(pid) for pid in holders(path).values()))
    sweep(cells, path, show=False)
    assert_as_if_alone(cells, path, tmp_path / "alone")


def pid_lives(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_no_scheduler_is_said_in_one_line():
    message = r"no Dask scheduler answers at 'tcp://127\.0\.0\.1:9' .*: give the address"
    with pytest.raises(ValueError, match=message), dask_executor("tcp://127.0.0.1:9"):
        pytest.fail("it is connected")


def test_a_worker_with_another_version_is_named_before_anything_is_trained(tmp_path):
    installed = tmp_path / "other" / "neuralstack-9.9.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: neuralstack\nVersion: 9.9\n")
    path = str(tmp_path / "other")
    message = r"the worker at tcp://.* has neuralstack 9\.9: install version"
    with (
        scheduler_and_worker(tmp_path, PYTHONPATH=path) as (_, address),
        dask_executor(address) as executor,
        pytest.raises(ValueError, match=message),
    ):
        require_same_version(executor)
